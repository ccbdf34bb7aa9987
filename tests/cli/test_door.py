"""The door: what becomes of everything that a command may raise."""

import errno
import json
import signal
import subprocess
import sys

import pytest

from mlctl.cli.door import answer, command_line, show
from mlctl.cli.settings import SETTINGS, Settings
from mlctl.domain.errors import GateRefused, NotFound, Unreachable
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.spec_explain import SpecExplainResult


@pytest.fixture(autouse=True)
def settings():
    """The settings of one invocation, taken back afterwards."""
    made = Settings(arguments=("promote", "demand@9"))
    token = SETTINGS.set(made)
    yield made
    SETTINGS.reset(token)


def raising(error):
    """A command that raises."""

    def act():
        raise error

    return act


def test_an_expected_failure_is_one_line_and_the_next_command_on_stderr(capsys):
    code = answer(raising(NotFound("demand has no version 9", "mlctl models")))
    said = capsys.readouterr()
    assert code == 20
    assert said.out == ""
    assert said.err == "error: demand has no version 9\n  try: mlctl models\n"


def test_with_json_an_expected_failure_is_one_document_on_stdout_and_stderr_is_silent(settings, capsys):
    settings.json = True
    code = answer(raising(NotFound("demand has no version 9", "mlctl models", model="demand", version=9)))
    said = capsys.readouterr()
    assert code == 20
    assert said.err == ""
    assert json.loads(said.out) == {
        "ok": False,
        "schema": "mlctl.error/1",
        "error": {
            "id": "not_found",
            "exit": 20,
            "message": "demand has no version 9",
            "facts": {"model": "demand", "version": 9},
            "hints": ["mlctl models"],
        },
    }


def test_where_the_answer_is_no_the_document_has_the_error_and_the_full_data(settings, capsys):
    settings.json = True
    refused = GateRefused("refused", data={"model": "demand", "changed": False}, reasons=[{"gate": "mae"}])
    assert answer(raising(refused)) == 40
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is False
    assert document["error"]["facts"] == {"reasons": [{"gate": "mae"}]}
    assert document["data"] == {"model": "demand", "changed": False}


def test_a_verb_may_hand_over_its_whole_outcome_where_the_answer_is_no(settings, capsys):
    settings.json = True
    answer(raising(GateRefused("refused", data=Outcome(data={"changed": False}))))
    assert json.loads(capsys.readouterr().out)["data"] == {"changed": False}


def test_values_that_json_does_not_know_are_told_as_text_and_nan_as_null(settings, capsys, tmp_path):
    settings.json = True
    answer(raising(NotFound("no", path=tmp_path, value=float("nan"))))
    assert json.loads(capsys.readouterr().out)["error"]["facts"] == {"path": str(tmp_path), "value": None}


@pytest.mark.parametrize(
    ("number", "code", "id_"),
    [
        (errno.ENOSPC, 93, "disk_full"),
        (errno.EDQUOT, 93, "disk_full"),
        (errno.EACCES, 94, "permission_refused"),
        (errno.EPERM, 94, "permission_refused"),
        (errno.EROFS, 94, "permission_refused"),
    ],
)
def test_a_full_or_closed_disk_is_told_by_its_name_and_not_as_a_bug(settings, capsys, number, code, id_):
    settings.json = True
    assert answer(raising(OSError(number, "as the system says", "/data/x"))) == code
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["id"] == id_
    assert "/data/x" in error["message"]


def test_a_bug_is_one_line_with_the_report_and_the_command_that_shows_more(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".mlctl").mkdir()
    assert answer(raising(ZeroDivisionError("division by zero"))) == 1
    said = capsys.readouterr().err.splitlines()
    (report,) = (tmp_path / ".mlctl" / "crashes").iterdir()
    assert len(said) == 2
    assert str(report) in said[0]
    assert said[1] == "  try: mlctl --debug promote demand@9"
    assert "ZeroDivisionError" in report.read_text(encoding="utf-8")


def test_a_report_has_no_credentials(settings, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".mlctl").mkdir()
    settings.arguments = ("data", "import", "https://ann:hunter2@example.org/x", "--token", "abc123")
    answer(raising(ValueError("cannot open s3://key:s3cret@bucket/x?X-Amz-Signature=feed")))
    (report,) = (tmp_path / ".mlctl" / "crashes").iterdir()
    text = report.read_text(encoding="utf-8") + capsys.readouterr().err
    assert "example.org" in text
    for secret in ("hunter2", "abc123", "s3cret", "feed"):
        assert secret not in text


def test_outside_a_repository_the_report_goes_to_the_state_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    answer(raising(KeyError("x")))
    assert len(list((tmp_path / "state" / "mlctl" / "crashes").iterdir())) == 1


def test_a_bug_where_no_report_can_be_written_is_still_told(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "state").write_text("a file, not a folder", encoding="utf-8")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert answer(raising(KeyError("x"))) == 1
    assert "mlctl failed where it should not have: KeyError" in capsys.readouterr().err


def test_the_traceback_is_shown_only_where_debug_was_asked(settings, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    answer(raising(KeyError("x")))
    assert "Traceback" not in capsys.readouterr().err
    settings.debug = True
    answer(raising(KeyError("x")))
    assert "Traceback" in capsys.readouterr().err


def test_advice_and_warnings_are_silent_where_stderr_is_no_terminal(settings, capsys):
    settings.json = False
    show("spec_explain", spec_outcome())
    assert capsys.readouterr().err == ""
    settings.verbose = True
    show("spec_explain", spec_outcome())
    assert capsys.readouterr().err == "warning: old\nnext: mlctl train\n"
    settings.quiet = True
    show("spec_explain", spec_outcome())
    assert capsys.readouterr().err == ""


def test_with_json_warnings_and_advice_are_in_the_document(settings, capsys):
    settings.json = True
    show("spec_explain", spec_outcome())
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is True
    assert document["schema"] == "mlctl.spec.explain/1"
    assert document["warnings"] == ["old"]
    assert document["next"] == ["mlctl train"]


def test_the_command_line_is_kept_as_typed_but_without_credentials(settings):
    settings.arguments = ("promote", "--reason", "it's better", "--token", "abc")
    assert command_line(settings) == """mlctl promote --reason 'it'"'"'s better' --token ***"""


def test_ctrl_c_is_one_line_and_130(terminal):
    interrupted, out, err = interrupt(terminal)
    assert interrupted == 130
    assert out == ""
    assert err == "interrupted\n"


def test_with_json_ctrl_c_is_a_document_too(terminal):
    interrupted, out, err = interrupt(terminal, "--json")
    assert interrupted == 130
    assert err == ""
    assert json.loads(out)["error"] == {
        "id": "interrupted",
        "exit": 130,
        "message": "interrupted",
        "facts": {},
        "hints": [],
    }


def test_a_reader_that_has_gone_ends_the_program_quietly_with_141(terminal):
    program = subprocess.Popen(
        [sys.executable, "-m", "mlctl", "--help"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=terminal.folder,
    )
    program.stdout.close()  # before the program has written anything: it is still importing or will block
    _, err = program.communicate(timeout=60)
    assert program.returncode == 141
    assert err == b""


WAITING = """
import signal, sys
from mlctl.cli.door import answer
from mlctl.cli.settings import SETTINGS, Settings

def act():
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a shell runs beside it
    print("ready", file=sys.__stderr__, flush=True)
    signal.pause()

SETTINGS.set(Settings(arguments=tuple(sys.argv[1:])))
sys.exit(answer(act))
"""


def interrupt(terminal, *arguments):
    """A command that waits for ever, in a process of its own, sent SIGINT once it is inside the door."""
    program = subprocess.Popen(
        [sys.executable, "-c", WAITING, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=terminal.folder,
    )
    try:
        assert program.stderr.readline() == "ready\n"
        program.send_signal(signal.SIGINT)
        out, err = program.communicate(timeout=60)
    finally:
        program.kill()  # it would wait for ever
    return program.returncode, out, err


def spec_outcome():
    """The outcome of some verb."""

    return Outcome(
        data=SpecExplainResult(file="mlctl.toml", spec={"spec": 1}, given=("spec",)),
        warnings=("old",),
        next=("mlctl train",),
    )


def test_a_failure_that_a_ctrl_c_has_caused_is_the_interrupt(capsys):
    def act():
        failed = ImportError("initialization failed")  # as pybind11 does it
        failed.__cause__ = KeyboardInterrupt()
        raise NotFound("building failed", "mlctl runs") from failed

    assert answer(act) == 130
    assert capsys.readouterr().err.endswith("interrupted\n")


def test_causes_that_go_in_a_circle_end(capsys):
    first, second = ValueError("first"), Unreachable("second")
    first.__context__, second.__cause__ = second, first

    def fail():
        raise second

    assert answer(fail) == 60
    assert "second" in capsys.readouterr().err


def test_a_dry_run_says_that_it_is_one_where_anybody_reads_it(terminal):
    assert terminal.run("init").returncode == 0
    (terminal.folder / "t.csv").write_text("a,b\n1,2\n")
    quiet = terminal.run("data", "add", "t.csv", "--dry-run")
    told = terminal.run("data", "add", "t.csv", "--dry-run", "-v")
    assert quiet.stdout == told.stdout
    assert "nothing was changed" not in quiet.stderr
    assert "--dry-run: nothing was changed" in told.stderr
    assert not (terminal.folder / "t.csv.dvc").exists()
