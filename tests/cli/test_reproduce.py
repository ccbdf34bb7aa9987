"""`mlctl reproduce` in a terminal: in a fresh clone, interrupted, and where the answer is no."""

import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.verbs import learner

OWN = """\
import os
import time
import uuid
from pathlib import Path

from sklearn.linear_model import Ridge


def make():
    if "TOLD" in os.environ:
        Path(os.environ["TOLD"]).write_text(str(os.getpid()))
        time.sleep(200)
    return Ridge(alpha=1.0 + uuid.uuid4().int % 10_007)
"""
SPEC = """\
spec = 1

[project]
name = "small"

[data.rides]
path = "rides.csv"

[model.demand]
data = "rides"
target = "rides"
build = "own.py:make"
baseline = "mean"
"""
TABLE = "temp,rides\n" + "".join(f"{n % 7}.5,{n * 3 % 50}\n" for n in range(60))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder for projects, and one for what is temporary."""
    folder = tmp_path_factory.mktemp("reproduce")
    (folder / "room").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder / "room"))
        patch.setenv("OMP_NUM_THREADS", "1")
        for name in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{name}_NAME", "Ada")
            patch.setenv(f"GIT_{name}_EMAIL", "ada@example.org")
        yield folder


def run_any(folder, *words):
    return subprocess.run(
        words, cwd=folder, capture_output=True, text=True, timeout=250, check=False, stdin=subprocess.DEVNULL
    )


def run(folder, *words, code=0):
    done = run_any(folder, *words)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def mlctl(folder, *words, code=0):
    return run(folder, sys.executable, "-m", "mlctl", *words, code=code)


@pytest.fixture(scope="module")
def chance(home):
    """A trained project whose penalty nobody can repeat."""
    project = home / "small"
    project.mkdir()
    for name, text in {"mlctl.toml": SPEC, "rides.csv": TABLE, "own.py": OWN}.items():
        (project / name).write_text(text, encoding="utf-8")
    mlctl(project, "init", ".")
    mlctl(project, "train")
    return project


def left(home):
    return [path.name for path in (home / "room").glob("mlctl-*")]


def test_the_run_of_the_template_is_equal_in_a_fresh_clone(home):
    mlctl(home, "init", "bikes", "--template", "bike-demand")
    project, clone = home / "bikes", home / "fresh"
    mlctl(project, "train")
    mlctl(project, "remote", "add", "origin", str(home / "remote"))
    mlctl(project, "push")
    run(project, "git", "add", "-A")
    run(project, "git", "commit", "-qm", "begin")
    run(home, "git", "clone", "-q", str(project), str(clone))
    mlctl(clone, "pull")
    before = run(clone, "git", "status", "--porcelain").stdout
    done = mlctl(clone, "reproduce", "demand@1", "--json")
    document = json.loads(done.stdout)
    assert document["data"]["equal"] is True
    assert [one["equal"] for one in document["data"]["compared"]] == [True] * 6
    assert run(clone, "git", "status", "--porcelain").stdout == before
    assert left(home) == []
    mlctl(clone, "push")
    mlctl(project, "fetch", "--all")  # no decision names it
    shown = json.loads(mlctl(project, "show", "demand@1", "--json").stdout)["data"]["related"]
    assert [one["digest"] for one in shown["reproductions"]] == [document["data"]["recorded"]]
    assert "reproduced" in mlctl(project, "show", "demand@1").stdout
    assert "equal bit for bit" in mlctl(project, "card", "demand@1").stdout


def test_the_answer_no_is_exit_44_with_place_and_class(chance, home):
    done = mlctl(chance, "reproduce", code=44)
    assert "class: seed\n" in done.stdout
    assert "first place of divergence: parameters" in done.stdout
    assert "did not reproduce" in done.stderr
    done = mlctl(chance, "reproduce", "--fits", "1", "--json", code=44)
    document = json.loads(done.stdout)
    assert document["error"]["id"] == "did_not_reproduce"
    assert document["data"]["place"] == "parameters"
    assert left(home) == []


@pytest.mark.skipif(platform.machine() != "x86_64", reason="other processors have other kernels")
def test_the_code_of_a_processor_is_found_by_a_fit_with_it(home, monkeypatch):
    project = home / "line"
    for name, text in {"mlctl.toml": learner.spec(), "data/rides.csv": learner.rows()}.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    mlctl(project, "init", ".")
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")
    mlctl(project, "train")
    assert json.loads(mlctl(project, "reproduce", "--json").stdout)["data"]["equal"]
    monkeypatch.delenv("OPENBLAS_CORETYPE")
    done = run_any(project, sys.executable, "-m", "mlctl", "reproduce", "--json")
    if done.returncode == 0:
        pytest.skip("this processor's own code gives the same bits")
    data = json.loads(done.stdout)["data"]
    assert (data["place"], data["cause"]) == ("files", "library build")
    assert "as it was then, the record comes out" in data["proof"]
    assert data["attempts"][-1]["as_recorded"] is True


def ended(process):
    """Whether a process is gone, or only waits for its parent to hear of it."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.skipif(sys.platform != "linux", reason="no other system ends a child with its parent")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_stopped_in_a_fit_it_leaves_no_process_and_after_ctrl_c_no_folder(chance, home, number):
    told = home / f"pid-{int(number)}"
    process = subprocess.Popen(
        [sys.executable, "-m", "mlctl", "reproduce", "demand@1"],
        cwd=chance,
        env={**os.environ, "TOLD": str(told)},
        stdin=subprocess.DEVNULL,
    )
    for _ in range(3_000):
        if told.exists() and told.read_text():
            break
        time.sleep(0.02)
    fitting = int(told.read_text())
    os.kill(process.pid, number)
    assert process.wait(60) == (130 if number == signal.SIGINT else -number)
    for _ in range(500):
        if ended(fitting):
            break
        time.sleep(0.02)
    assert ended(fitting)
    if number == signal.SIGINT:
        assert left(home) == []
    for room in (home / "room").glob("mlctl-*"):
        shutil.rmtree(room)
