"""Bad input, each through the real program: the exit code of its family, no traceback, nothing half-done."""

import csv
import hashlib
import json
import shutil
import socket
import subprocess

import pytest

from tests.e2e.hints import broken, hints_of
from tests.e2e.projects import PROGRAM, Terminal, day, names, question, small, spec, write_csv

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def promoted(tmp_path_factory):
    """A project with demand@1 in production."""
    terminal = small(tmp_path_factory.mktemp("bad") / "promoted")
    for command in (["init"], ["train"], ["eval"], ["promote"]):
        terminal.data(*command)
    return terminal.folder


@pytest.fixture
def project(promoted, tmp_path):
    shutil.copytree(promoted, tmp_path / "project", symlinks=True)
    return Terminal(tmp_path / "project")


@pytest.fixture
def empty(tmp_path):
    (tmp_path / "empty").mkdir()
    return Terminal(tmp_path / "empty")


@pytest.fixture
def new(tmp_path):
    """A project whose data nobody has added yet."""
    terminal = small(tmp_path / "new")
    terminal.data("init")
    return terminal


def refused(terminal, code, *argv, says=(), id=None, **more):  # noqa: A002 - as the JSON calls it
    """Run the command as a person and as a program; both are told the same, and nothing has changed.

    Returns:
        The error of the JSON document.
    """
    before = names(terminal.folder)
    done = terminal.run(*argv, **more)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stdout + done.stderr
    assert "error: " in done.stderr
    for text in says:
        assert text in done.stderr
    assert broken(hints_of(done.stderr), terminal.folder, **more) == []
    done = terminal.run(*argv, "--json", **more)
    document = json.loads(done.stdout)
    assert (done.returncode, document["ok"], document["schema"]) == (code, False, "mlctl.error/1")
    assert document["error"]["exit"] == code
    assert id in {None, document["error"]["id"]}
    assert names(terminal.folder) == before
    assert not list((terminal.folder / ".mlctl" / "crashes").glob("*"))
    return document["error"]


def column_dropped(terminal, column):
    """The table without one of its columns."""
    rows = [{name: value for name, value in day(number).items() if name != column} for number in range(200)]
    write_csv(terminal.folder / "rides.csv", rows)


HEADER = "id,day,temp,workday,rides\n"


@pytest.mark.parametrize(
    ("text", "says"), [("", "empty"), (HEADER, "no rows"), ("\n\n", "rides.csv"), ("\0\0\1", "rides.csv")]
)
@pytest.mark.parametrize("argv", [["data", "add", "rides.csv"], ["train"], ["build"]], ids=" ".join)
def test_a_table_without_rows_is_unreadable(new, text, says, argv):
    (new.folder / "rides.csv").write_text(text, encoding="utf-8")
    error = refused(new, 90, *argv, says=(says,), id="unreadable_table")
    assert error["hints"]
    assert not (new.folder / "rides.csv.dvc").exists()


@pytest.mark.parametrize("text", ["", HEADER])
def test_init_makes_nothing_from_a_table_without_rows(empty, text):
    (empty.folder / "rides.csv").write_text(text, encoding="utf-8")
    refused(empty, 90, "init", "--from", "rides.csv", "--target", "rides")
    assert [one.name for one in empty.folder.iterdir()] == ["rides.csv"]


def test_init_makes_nothing_for_a_target_that_the_table_lacks(empty):
    write_csv(empty.folder / "rides.csv", [day(number) for number in range(50)])
    error = refused(
        empty, 91, "init", "--from", "rides.csv", "--target", "ride", id="column_missing", says=("ride",)
    )
    assert "rides" in error["message"]
    assert [one.name for one in empty.folder.iterdir()] == ["rides.csv"]


def test_init_makes_nothing_for_a_target_with_one_class(empty):
    write_csv(empty.folder / "t.csv", [{**day(number), "late": "no"} for number in range(50)])
    refused(empty, 2, "init", "--from", "t.csv", "--target", "late", says=("late",))
    assert [one.name for one in empty.folder.iterdir()] == ["t.csv"]


@pytest.mark.parametrize("column", ["rides", "id", "day"])
def test_training_needs_the_columns_that_the_spec_names(new, column):
    column_dropped(new, column)
    new.data("data", "add")
    refused(new, 91, "train", id="column_missing", says=(f"'{column}'",))


def test_a_target_with_one_class_cannot_be_learnt(new):
    text = spec(estimator="sklearn.linear_model:LogisticRegression")
    text = text.replace('"regression"', '"binary"').replace('["mae", "r2"]', '["accuracy"]')
    text = text.replace('"mean"', '"majority"')
    kept = [line for line in text.splitlines() if not line.startswith(("mae =", "performance ="))]
    (new.folder / "mlctl.toml").write_text("\n".join(kept) + "\n", encoding="utf-8")
    write_csv(new.folder / "rides.csv", [{**day(number), "rides": "few"} for number in range(200)])
    new.data("data", "add")
    refused(new, 80, "train", id="training_failed", says=("few",))


@pytest.mark.parametrize(
    "argv",
    [
        ["eval", "demand@1", "--data", "rides@2"],
        ["predict", "demand@production", "rides.csv", "-o", "out.csv"],
    ],
    ids=["eval", "predict"],
)
def test_a_column_that_vanished_since_training_is_named(project, argv):
    column_dropped(project, "temp")
    project.data("data", "add")
    refused(project, 91, *argv, id="column_missing", says=("'temp'",))
    assert not (project.folder / "out.csv").exists()


@pytest.mark.parametrize(
    "argv",
    [["train"], ["eval"], ["promote"], ["plan"], ["monitor"], ["data", "add"], ["spec", "explain"]],
    ids=" ".join,
)
def test_all_typos_of_a_spec_are_told_at_once_with_their_lines_and_the_nearest_key(project, argv):
    text = spec()
    for good, bad in (
        ('key = ["id"]\ntime', 'kay = ["id"]\ntime'),
        ("estimator =", "estimtor ="),
        ("demand.split", "demand.splitt"),
        ('refit = "all"', 'refit = "al"'),
    ):
        assert good in text
        text = text.replace(good, bad, 1)
    (project.folder / "mlctl.toml").write_text(text, encoding="utf-8")
    lines = text.splitlines()

    def line(start):
        return 1 + next(number for number, one in enumerate(lines) if one.startswith(start))

    says = (
        f"line {line('kay')}: unknown key 'kay' in [data.rides]; did you mean 'key'?",
        f"line {line('estimtor')}: unknown key 'estimtor' in [model.demand]; did you mean 'estimator'?",
        f"line {line('[model.demand.splitt')}: unknown key 'splitt' in [model.demand]; did you mean 'split'?",
        f"line {line('refit')}: ",
    )
    error = refused(project, 2, *argv, id="spec_invalid", says=says)
    assert len(error["facts"]["problems"]) == 4


def test_a_spec_that_is_no_toml_is_told_with_its_line(project):
    (project.folder / "mlctl.toml").write_text(
        spec().replace('name = "small"', "name = small"), encoding="utf-8"
    )
    refused(project, 2, "train", id="spec_invalid", says=("line 4",))


@pytest.fixture
def without_git(tmp_path):
    """A PATH with mlctl on it, and no git."""
    folder = tmp_path / "path"
    folder.mkdir()
    (folder / "mlctl").symlink_to(PROGRAM)
    (folder / "sh").symlink_to(shutil.which("sh"))
    return str(folder)


def test_a_project_is_not_begun_without_git(empty, without_git):
    error = refused(
        empty, 70, "init", "--template", "bare", PATH=without_git, id="not_installed", says=("git",)
    )
    assert "git-scm.com" in error["message"]
    assert not [one.name for one in empty.folder.iterdir()]


def test_a_project_that_stands_works_without_git(project, without_git):
    done = project.run("train", "--set", "alpha=3.0", "--json", PATH=without_git)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["data"]["version"] == 2
    assert project.data("runs")["runs"][0]["code"]["commit"] is None


@pytest.mark.parametrize(
    "argv", [["status"], ["train"], ["promote"], ["log"], ["fsck"], ["init"], ["data", "add"]], ids=" ".join
)
def test_a_repository_of_a_newer_format_is_left_alone(project, argv):
    path = project.folder / ".mlctl" / "format"
    line = (
        json.dumps({**json.loads(path.read_text().split("\n")[0]), "format": 2}, separators=(",", ":")) + "\n"
    )
    path.unlink()
    path.write_text(f"{line}{hashlib.sha256(line.encode()).hexdigest()}  -\n", encoding="utf-8")
    refused(project, 11, *argv, id="format_too_new")


@pytest.mark.parametrize(
    "argv",
    [
        ["promote", "--to", "produktion"],
        ["promote", "demand@9"],
        ["eval", "demand@9"],
        ["serve", "demand@staging", "--port", "0"],
        ["serve", "staging", "--port", "0"],
        ["predict", "demand@staging", "rides.csv", "-o", "out.csv"],
        ["rollback", "staging"],
        ["rollback"],
        ["monitor", "demand@staging"],
        ["loop", "--stage", "staging"],
        ["show", "demand@staging"],
        ["train", "demandd"],
        ["data", "checkout", "rides@9"],
        ["blame", "01M851D8QWQX20TYA7KH23000G"],
        ["data", "add", "nowhere.csv"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_does_not_exist_is_not_found(project, argv):
    error = refused(project, 20, *argv, id="not_found")
    assert error["hints"]


@pytest.mark.parametrize(
    "argv",
    [
        ["promote", "--to", "Not A Stage"],
        ["train", "--set", "alpha"],
        ["serve", "--workers", "4"],
        ["promot"],
        ["promote", "--forse"],
        ["promote", "--force"],
    ],
    ids=" ".join,
)
def test_a_command_line_that_makes_no_sense_is_refused_with_a_way_on(project, argv):
    done = project.run(*argv, "--json")
    error = json.loads(done.stdout)["error"]
    assert done.returncode in {2, 22}, error
    assert broken(error["hints"], project.folder) == []


def test_outside_a_repository_one_is_told_how_to_make_one(empty):
    for argv in (["status"], ["train"], ["log"], ["serve"], ["undo"], ["data", "ls"]):
        refused(empty, 10, *argv, id="no_repository")


def test_a_port_in_use_is_said_at_once(project):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused(project, 92, "serve", "--port", str(taken.getsockname()[1]), id="port_in_use")


@pytest.fixture(scope="module")
def client(promoted):
    with Terminal(promoted).serving() as serving:
        yield serving


ROW = question(1)


@pytest.mark.parametrize(
    ("body", "status", "column"),
    [
        ({name: value for name, value in ROW.items() if name != "temp"}, 422, "temp"),
        ({**ROW, "wind": 3}, 422, "wind"),
        ({**ROW, "rides": 3}, 422, "rides"),
        ({**ROW, "temp": "warm"}, 422, "temp"),
        ({**ROW, "temp": [1]}, 422, "temp"),
        (json.dumps(ROW).replace(str(ROW["temp"]), "NaN"), 422, None),
        (json.dumps(ROW).replace(str(ROW["temp"]), "Infinity"), 422, None),
        (json.dumps(ROW).replace(str(ROW["temp"]), "1e999"), 422, None),
        ({"rows": [ROW, {**ROW, "wind": 1}]}, 422, "wind"),
        ("", 422, None),
        ("{", 422, None),
        ("[1, 2]", 422, None),
        ("null", 422, None),
        (" " * 100_001, 413, None),
        ({"rows": [ROW] * 2000}, 413, None),
    ],
)  # fmt: skip
def test_a_bad_request_is_refused_by_row_and_column_and_the_server_goes_on(client, body, status, column):
    code, answer = client.predict(body)
    assert code == status or (status == 422 and code == 400), answer
    assert {"id", "message"} <= set(answer["error"])
    if column is not None:
        assert answer["error"]["column"] == column
        assert answer["error"]["row"] == (1 if "rows" in body else 0)
    assert client.predict(ROW)[0] == 200


def test_what_was_refused_is_not_in_the_log(client, promoted):
    _code, answer = client.predict(ROW)
    _code, refusal = client.predict({**ROW, "wind": 3})
    assert "ids" not in refusal
    logged = "".join(path.read_text() for path in (promoted / ".mlctl/live/predictions").rglob("*.log"))
    assert answer["ids"][0] in logged
    assert "wind" not in logged


@pytest.mark.parametrize("cell", ["inf", "-Infinity", "1e999", "warm"])
def test_a_file_with_a_value_that_is_no_number_is_not_scored(project, cell):
    write_csv(
        project.folder / "new.csv",
        [{**question(300 + number), **({"temp": cell} if number == 5 else {})} for number in range(10)],
    )
    done = project.run("predict", "demand@production", "new.csv", "-o", "out.csv", "--json")
    error = json.loads(done.stdout)["error"]
    assert done.returncode in {81, 90}, error
    assert "temp" in error["message"]
    assert broken(error["hints"], project.folder) == []
    assert not (project.folder / "out.csv").exists()


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([{"id": 1}], 91),
        ([{"rides": 1}], 91),
        ([{"id": 1, "rides": "inf"}], 90),
        ([{"id": 1, "rides": "many"}], 90),
    ],
)
def test_labels_that_cannot_be_joined_or_read_are_refused(project, rows, code):
    write_csv(project.folder / "truth.csv", rows)
    refused(project, code, "labels", "add", "truth.csv")


def test_a_ragged_table_is_told_with_file_and_line(new):
    with (new.folder / "rides.csv").open("a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow([1, 2])
    refused(new, 90, "data", "add", "rides.csv", says=("rides.csv", "line 202"))


def test_a_reader_that_goes_away_ends_a_command_quietly(project):
    first = subprocess.run(
        ["sh", "-c", f"'{PROGRAM}' log | true"],
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in first.stderr
