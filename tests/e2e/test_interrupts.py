"""Ctrl-C in the middle of each long command: exit 130, nothing half-done, and the next command works."""

import json
import os
import shutil
import signal
import sys
import time

import pytest

from tests.e2e.projects import SOAK, Terminal, day, names, question, small, write_csv

pytestmark = pytest.mark.slow

SLOW = """\
import time
from pathlib import Path

from sklearn.linear_model import Ridge


def build(**parameters):
    Path("fitting").touch()
    time.sleep({seconds})
    return Ridge(**parameters)
"""
MOMENTS = 24 if SOAK else 6
"""How often each command is interrupted, spread over its first seconds."""
STOPPED = (130, -signal.SIGINT)
"""A shell says 130 of both. The second is the interpreter's, when all is done and it is closing down."""
STEPS = {
    "init": ["init", "--template", "bike-demand"],
    "data add": ["data", "add", "big.csv"],
    "train": ["train", "--set", "alpha=2.0"],
    "eval": ["eval", "demand@1"],
    "promote": ["promote", "demand@1"],
    "build": ["build"],
    "predict": ["predict", "demand@1", "many.csv", "-o", "out.csv"],
    "labels add": ["labels", "add", "truth.csv"],
    "monitor": ["monitor", "demand@staging", "--watch", "--interval", "60"],
    "loop": ["loop", "--stage", "staging", "--watch", "--interval", "60"],
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    terminal = small(tmp_path_factory.mktemp("interrupts") / "trained")
    terminal.data("init")
    terminal.data("train")
    terminal.data("eval")
    terminal.data("promote", "--to", "staging")
    write_csv(terminal.folder / "many.csv", [question(number) for number in range(60_000)])
    write_csv(terminal.folder / "truth.csv", [{"id": one, "rides": one} for one in range(60_000)])
    write_csv(terminal.folder / "big.csv", [day(number) for number in range(60_000)])
    return terminal.folder


@pytest.fixture
def project(trained, tmp_path):
    shutil.copytree(trained, tmp_path / "project", symlinks=True)
    return Terminal(tmp_path / "project")


ENTRY = "import sys; from mlctl.__main__ import main; print('up', flush=True); sys.exit(main())"
"""The installed program, but it says when `main` begins: what comes before, a few modules, is Python's."""


def interrupted(terminal, *argv, when):
    """Start the command, send it SIGINT as soon as `when` says so; its exit code, stdout and stderr."""
    program = terminal.start("-c", ENTRY, *argv, program=sys.executable)
    assert program.stdout.readline() == "up\n"
    while program.poll() is None and not when(program):
        time.sleep(0.002)
    if program.poll() is None:
        os.killpg(program.pid, signal.SIGINT)  # a terminal sends it to the whole group
    out, err = program.communicate(timeout=60)
    return program.returncode, out, err


def after(seconds):
    """Whether so much time has passed since it was first asked."""
    began = []

    def passed(_program):
        began.append(time.monotonic())
        return began[-1] - began[0] > seconds

    return passed


@pytest.mark.parametrize("step", STEPS)
def test_ctrl_c_at_any_moment_of_a_command_ends_it_in_order(step, project, tmp_path):
    argv = STEPS[step]
    if step == "init":
        (tmp_path / "new").mkdir()
        project = Terminal(tmp_path / "new")
    before = names(project.folder)
    stopped = 0
    for number in range(MOMENTS):
        code, out, err = interrupted(project, *argv, when=after(0.04 + 1.2 * number / MOMENTS))
        assert "Traceback" not in out + err, err
        assert code in {*STOPPED, 0}, (code, out, err)
        if code not in STOPPED:  # it was faster; whatever comes now only finds it done
            break
        stopped += 1
        assert "interrupted" in err or code < 0
        assert set(before) <= set(names(project.folder))
        if (project.folder / ".mlctl" / "format").exists():
            assert project.data("fsck")["clean"] is True
    assert stopped >= 1
    assert not (project.folder / ".mlctl" / "crashes").exists() or not [
        one.name for one in (project.folder / ".mlctl/crashes").iterdir()
    ]
    if "--watch" not in argv:
        assert project.run(*argv).returncode == 0


@pytest.mark.parametrize("command", ["train", "build", "promote"])
def test_ctrl_c_while_the_users_code_runs_leaves_no_version(command, project):
    """The model is fitted by code that takes a minute; the signal comes when it says that it has begun."""
    spec = project.folder / "mlctl.toml"
    slow = [
        'build = "slow.py:build"' if line.startswith("estimator") else line
        for line in spec.read_text().splitlines()
    ]
    spec.write_text("\n".join(slow) + "\n")
    (project.folder / "slow.py").write_text(SLOW.format(seconds=0 if command == "promote" else 60))
    if command == "promote":
        project.data("train")
        project.data("eval")
        (project.folder / "slow.py").write_text(SLOW.format(seconds=60))
        (project.folder / "fitting").unlink()
    before = names(project.folder)
    code, out, err = interrupted(
        project, command, when=lambda _program: (project.folder / "fitting").exists()
    )
    assert (code, out) == (130, "")
    assert err.endswith("interrupted\n")
    assert "Traceback" not in err
    assert names(project.folder) == before
    assert project.data("fsck")["clean"] is True
    assert "production" not in project.data("models")["models"][0]["versions"][-1]["stages"]
    (project.folder / "slow.py").write_text(SLOW.format(seconds=0))
    assert project.data(command)


def test_ctrl_c_ends_a_server_after_the_answers_in_flight_and_with_json_says_so(project):
    program = project.start("serve", "demand@staging", "--port", "0", "--json")
    assert json.loads(program.stdout.readline())["event"] == "started"
    os.killpg(program.pid, signal.SIGINT)
    out, err = program.communicate(timeout=60)
    assert program.returncode == 130
    assert "Traceback" not in out + err


def test_with_json_an_interrupted_command_is_one_document(project):
    spec = project.folder / "mlctl.toml"
    spec.write_text(
        spec.read_text().replace('estimator = "sklearn.linear_model:Ridge"', 'build = "slow.py:build"')
    )
    (project.folder / "slow.py").write_text(SLOW.format(seconds=60))
    code, out, _err = interrupted(
        project, "train", "--json", when=lambda _program: (project.folder / "fitting").exists()
    )
    document = json.loads(out)
    assert (code, document["ok"]) == (130, False)
    assert document["error"]["id"] == "interrupted"
