"""The quick way: a kept answer is what would be computed now, and it is gone as soon as anything changes."""

import contextlib
import hashlib
import os
import pty
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlctl.store.repository import Repository
from tests.store import full

FORMS = (
    ["status"],
    ["status", "--json"],
    ["status", "--check"],
    ["plan"],
    ["plan", "--json"],
    ["build"],
    ["build", "--json"],
    ["build", "--to", "production"],
)
ASK = """
import sys
del sys.path[0]  # "" would have the project's folder itself looked at, always
from mlctl.store import kept_answers
kept_answers._SETTLED = -10_000_000_000  # what has just been written counts as settled: no test has to wait
given = []
give = kept_answers.give
kept_answers.give = lambda arguments: given.append(give(arguments)) or given[-1]
from mlctl.__main__ import main
sys.argv = ["mlctl", *sys.argv[1:]]
code = main()
sys.stdout.flush()
print("computed" if given in ([], [None]) else "kept", file=sys.stderr)
sys.exit(code)
"""
MODULES = """
import sys
sys.path.remove("")
before = set(sys.modules)
from mlctl.store import kept_answers
kept_answers._SETTLED = -10_000_000_000
from mlctl.__main__ import main
sys.argv = ["mlctl", *sys.argv[1:]]
main()
print(*sorted(set(sys.modules) - before), file=sys.stderr)
"""
TOUCHED = """
import builtins, io, os, sys
sys.path.remove("")
from mlctl.store import kept_answers
touched = set()
real_readlink = os.readlink
def spied(real):
    def spy(path=".", *more, **named):
        if not isinstance(path, int):
            folder = named.get("dir_fd")
            within = "" if folder is None else real_readlink(f"/proc/self/fd/{folder}")
            touched.add(os.path.abspath(os.path.join(within, os.fsdecode(path))))
        return real(path, *more, **named)
    return spy
for name in ("stat", "lstat", "scandir", "listdir", "readlink", "open"):
    setattr(os, name, spied(getattr(os, name)))
io.open = builtins.open = spied(io.open)
from mlctl.cli import quick
told = set()
def keep(*_, paths, **__):
    touched_until_now.update(touched)
    told.update(paths)
touched_until_now = set()  # stays empty where nothing is kept: after an error, or where git was asked
quick.keep = keep
quick.run(sys.argv[1:])
root = os.getcwd()
passing = tuple(f"{root}/.mlctl/{room}" for room in ("index", "tmp"))
immutable = tuple(f"{root}/.mlctl/{room}/" for room in ("facts", "objects", "decisions", "checkpoints"))
def known(path):
    if path in told or path.startswith(passing):
        return True
    begun = path.endswith(".log")  # a segment that holds an answer holds one for as long as it is there
    by_its_folder = path.startswith(immutable) or begun or not os.path.lexists(path)
    return by_its_folder and os.path.dirname(path) in told
missed = {path for path in touched_until_now if path.startswith(root + os.sep) and not known(path)}
print("missed:", *sorted(missed), file=sys.stderr)
"""


SPEC = """\
spec = 1

[project]
name = "small"

[data.rides]
path = "rides.csv"
key = ["id"]
time = ["day"]

[data.pictures]
path = "pictures"

[model.demand]
data = "rides"
target = "rides"
task = "regression"
build = "mine.py:make"
baseline = "mean"
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory, terminals):
    """A project with nothing left to do: one model, made by the user's own code, and a folder of files."""
    folder = tmp_path_factory.mktemp("built")
    rows = "".join(f"{n},2026-01-{n:02},{n % 7}.5,{(n % 7) * 30 + n % 2}\n" for n in range(1, 29))
    (folder / "rides.csv").write_text("id,day,temp,rides\n" + rows, encoding="utf-8")
    (folder / "mlctl.toml").write_text(SPEC, encoding="utf-8")
    (folder / "mine.py").write_text(
        "import os\n\nimport sklearn.linear_model\n\nimport deeper\n\n\ndef make():\n"
        "    alpha = deeper.ALPHA * float(os.environ.get('ALPHA_OF_MINE', '1'))\n"
        "    return sklearn.linear_model.Ridge(alpha=alpha)\n",
        encoding="utf-8",
    )
    (folder / "deeper.py").write_text("ALPHA = 1.0\n", encoding="utf-8")
    (folder / "pictures" / "old").mkdir(parents=True)
    (folder / "pictures" / "cat").write_text("cat", encoding="utf-8")
    (folder / "pictures" / "old" / "dog").write_text("dog", encoding="utf-8")
    made = terminals(folder)
    for arguments in (["init"], ["data", "add", "pictures"], ["build"]):
        done = made.run(*arguments)
        assert done.returncode == 0, done.stderr
    return made


@pytest.fixture
def quiet(built, tmp_path, terminals):
    """A copy of it for one test."""
    shutil.copytree(built.folder, tmp_path / "project", symlinks=True)
    (tmp_path / "packages").mkdir()
    return Asker(terminals(tmp_path / "project"), tmp_path / "packages")


class Asker:
    """Asks in a project, and knows whether the answer was kept or computed."""

    def __init__(self, terminal, packages):
        self.terminal = terminal
        self.folder = terminal.folder
        self.packages = packages
        self.variables = {}

    @property
    def env(self):
        """One more folder of packages, and what a test has set."""
        path = os.pathsep.join([self.terminal.environment()["PYTHONPATH"], str(self.packages)])
        return {"PYTHONPATH": path, **self.variables}

    def python(self, code, *arguments):
        """Python in the project."""
        return self.terminal.python(code, *arguments, env=self.env)

    def ask(self, *arguments):
        """(stdout, exit code, "kept" or "computed")."""
        done = self.terminal.run(*arguments, env=self.env, code=ASK)
        return done.stdout, done.returncode, done.stderr.split()[-1]

    def keep(self, *arguments):
        """Ask twice; the second answer is the first one, kept."""
        first, again = self.ask(*arguments), self.ask(*arguments)
        assert (first[2], again[2]) == ("computed", "kept")
        assert again[:2] == first[:2]
        return again[0]

    def long_way(self, *arguments):
        """What Typer's way prints."""
        done = self.terminal.run("-q", *arguments, env=self.env)
        return done.stdout, done.returncode

    @property
    def answers(self):
        """Where answers are kept."""
        return self.folder / ".mlctl" / "index" / "answers"


@pytest.mark.parametrize("arguments", FORMS, ids=" ".join)
def test_a_kept_answer_is_what_the_other_ways_print(quiet, arguments):
    quiet.keep(*arguments)
    given = quiet.ask(*arguments)
    assert given[2] == "kept"
    assert given[:2] == quiet.long_way(*arguments)


def test_a_kept_answer_loads_next_to_nothing(quiet):
    quiet.keep("status")
    names = set(quiet.python(MODULES, "status").stderr.split())
    own = {"mlctl", "mlctl.__main__", "mlctl.store", "mlctl.store.kept_answers"}
    assert {name for name in names if name.partition(".")[0] == "mlctl"} == own
    assert not names & {"msgspec", "typer", "rich", "typing", "pathlib", "json", "re", "hashlib", "sqlite3"}


@pytest.mark.parametrize("verb", ["status", "plan", "build"])
def test_everything_that_is_looked_at_is_known(quiet, verb):
    """Whoever makes an answer depend on one more file without telling turns this red."""
    quiet.keep(verb)
    assert missed(quiet, verb) == "missed:"
    assert missed(quiet, verb, "--json") == "missed:"


def missed(quiet, *arguments):
    """The files that were looked at and that the kept answer would not know of."""
    done = quiet.python(TOUCHED, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()[-1]


def append(path, text):
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def same_size(path, old, new):
    """Other bytes, and every time that can be set as it was."""
    before = path.stat()
    text = path.read_text(encoding="utf-8")
    assert old in text
    assert len(old) == len(new)
    path.write_text(text.replace(old, new), encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def install(quiet, name):
    (quiet.packages / f"{name}-1.0.dist-info").mkdir()


def log_an_answer(folder):
    live = folder / ".mlctl" / "live" / "predictions" / "demand"
    live.mkdir(parents=True, exist_ok=True)
    (live / "01ARZ3NDEKTSV4RRFFQ69G5FAV.log").write_text("{}\n", encoding="utf-8")


def lose_objects(folder):
    append(folder / "deeper.py", "OTHER = 1\n")
    shutil.rmtree(folder / ".mlctl" / "objects")


CHANGES = {
    "objects": lambda q: lose_objects(q.folder),
    "a key of the spec": lambda q: same_size(q.folder / "mlctl.toml", '"mean"', '"mode"'),
    "the spec is gone": lambda q: (q.folder / "mlctl.toml").unlink(),
    "data of the same size": lambda q: same_size(q.folder / "rides.csv", "1,2026-01-01", "1,2026-02-01"),
    "data is gone": lambda q: (q.folder / "rides.csv").unlink(),
    "a pointer": lambda q: append(q.folder / "rides.csv.dvc", "desc: mine\n"),
    "a pointer is gone": lambda q: (q.folder / "rides.csv.dvc").unlink(),
    "a file deep in a folder": lambda q: same_size(q.folder / "pictures" / "old" / "dog", "dog", "fox"),
    "one file more in a folder": lambda q: append(q.folder / "pictures" / "old" / "owl", "owl"),
    "the user's module": lambda q: append(q.folder / "mine.py", "SEEN = 1\n"),
    "a variable that it reads": lambda q: q.variables.update(ALPHA_OF_MINE="2"),
    "a module that it imports": lambda q: same_size(q.folder / "deeper.py", "1.0", "2.0"),
    "a module that hides a package": lambda q: append(q.folder / "sklearn.py", "# not that one\n"),
    "a package": lambda q: install(q, "somepackage"),
    "a decision of another process": lambda q: q.terminal.run("undo"),
    "a fact": lambda q: append(q.folder / ".mlctl" / "facts" / "runs" / ".new", ""),
    "an answer in the log": lambda q: log_an_answer(q.folder),
    "patterns of what is no data": lambda q: append(q.folder / ".dvcignore", "*.tmp\n"),
    "the repository's settings": lambda q: append(q.folder / ".mlctl" / "config.toml", "\n"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_changes_the_answer_is_computed_again(quiet, what):
    for arguments in (["status"], ["plan", "--json"]):
        quiet.keep(*arguments)
    CHANGES[what](quiet)
    for arguments in (["status"], ["plan", "--json"]):
        done = quiet.ask(*arguments)
        assert done[2] == "computed"
        assert done[:2] == quiet.long_way(*arguments)
        assert missed(quiet, *arguments) == "missed:"


@pytest.mark.parametrize(
    "name", ["mine.py", "deeper.py", "rides.csv", "pictures", "pictures.dvc", "mlctl.toml"]
)
def test_what_was_gone_and_comes_back_is_seen(quiet, name):
    (quiet.folder / name).rename(quiet.folder.parent / "elsewhere")
    without = quiet.keep("status")
    (quiet.folder.parent / "elsewhere").rename(quiet.folder / name)
    said, _, how = quiet.ask("status")
    assert how == "computed"
    assert said != without
    assert said == quiet.long_way("status")[0]


def test_what_waits_for_a_push_is_part_of_a_kept_answer(quiet, tmp_path):
    """Each way in which it may change ends the answer: remote add, push, decisions, facts, a lost memory."""
    said = [quiet.keep("status")]

    def changes(act, *words):
        assert act()
        now = quiet.ask("status")
        assert now[2] == "computed"
        assert now[:2] == quiet.long_way("status")
        assert all(word in now[0] for word in words)
        assert now[0] != said[-1]
        assert quiet.ask("status") == (*now[:2], "kept")
        said.append(now[0])
        assert missed(quiet, "status") == "missed:"

    def run(*arguments):
        return quiet.terminal.run(*arguments).returncode == 0

    changes(lambda: run("remote", "add", "origin", str(tmp_path / "store")), "not on origin yet")
    changes(lambda: run("push"))
    assert "origin" not in said[-1]
    repository = Repository.find(quiet.folder)
    changes(lambda: full.add_evaluation(repository, full.ANY, full.ANY), "  1 fact\n", "mlctl push")
    changes(lambda: run("push"))
    changes(lambda: full.add_labels(repository), "  1 decision, 1 fact\n")
    changes(lambda: run("log", "drop", "p1"), "  1 fact\n")
    changes(lambda: run("push"))
    assert said[-1] == said[2]
    memory = next((quiet.folder / ".mlctl/index").glob("remote-*.txt"))
    changes(lambda: memory.rename(tmp_path / "forgotten"), "mlctl push")
    changes(lambda: run("push"))
    assert said[-1] == said[2]


def test_labels_and_reports_are_facts_too(quiet):
    quiet.keep("status")
    for kind in ("labels", "reports", "evaluations", "predictions"):
        assert quiet.ask("status")[2] == "kept"
        folder = quiet.folder / ".mlctl" / "facts" / kind
        folder.mkdir(exist_ok=True)
        append(folder / ".new", "")
        assert quiet.ask("status")[2] == "computed"


def test_what_has_just_changed_is_not_kept(quiet):
    """A second edit in the same tick of the clock would not show in a stamp."""
    data = quiet.folder / "rides.csv"
    same_size(data, "1,2026-01-01", "1,2026-02-01")
    assert "changed" in quiet.terminal.run("status").stdout
    assert not quiet.answers.exists()
    same_size(data, "1,2026-02-01", "1,2026-01-01")
    assert "nothing is stale" in quiet.terminal.run("status").stdout


def test_once_all_is_settled_the_answer_is_kept(quiet):
    deadline = time.monotonic() + 60
    while not (quiet.answers / "status").exists():
        assert quiet.terminal.run("status").returncode == 0
        assert time.monotonic() < deadline
    assert "nothing is stale" in quiet.terminal.run("status").stdout


def test_a_kept_answer_with_a_flipped_byte_is_not_given(quiet):
    said = quiet.keep("status")
    file = quiet.answers / "status"
    whole = file.read_bytes()
    for place in (0, 12, len(whole) // 2, len(whole) - 3):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert quiet.ask("status")[::2] == (said, "computed")
        assert quiet.ask("status")[::2] == (said, "kept")


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe\n\n\n", b"00000000\n", b"0\n\n\n"])
def test_anything_else_in_its_place_is_not_given(quiet, content):
    said = quiet.keep("status")
    (quiet.answers / "status").write_bytes(content)
    assert quiet.ask("status")[::2] == (said, "computed")


def test_where_nothing_can_be_kept_everything_works(quiet):
    shutil.rmtree(quiet.folder / ".mlctl" / "index")
    (quiet.folder / ".mlctl" / "index").write_text("no folder", encoding="utf-8")
    for _ in range(2):
        said, code, how = quiet.ask("status")
        assert (code, how) == (0, "computed")
        assert "nothing is stale" in said


def test_a_build_that_did_something_is_not_kept(quiet):
    append(quiet.folder / "deeper.py", "OTHER = 1\n")
    said, code, _ = quiet.ask("build")
    assert (code, "done" in said) == (0, True)
    assert not (quiet.answers / "build").exists()
    assert "done" not in quiet.keep("build")


def test_a_refused_answer_is_not_kept(quiet):
    (quiet.folder / "rides.csv").unlink()
    for _ in range(2):
        assert quiet.ask("status", "--check")[1:] == (43, "computed")


def test_a_subfolder_gets_the_same_answer(quiet, terminals):
    said = quiet.keep("status")
    below = Asker(terminals(quiet.folder / "pictures"), quiet.packages)
    assert below.ask("status")[0] == said


def test_a_copy_of_a_project_computes_its_own_answer(quiet, terminals, tmp_path):
    said = quiet.keep("status")
    shutil.copytree(quiet.folder, tmp_path / "copy", symlinks=True)
    assert Asker(terminals(tmp_path / "copy"), quiet.packages).ask("status")[::2] == (said, "computed")


def test_settings_of_the_environment_are_heeded(quiet):
    quiet.keep("status")
    done = quiet.terminal.run("status", env={"MLCTL_JSON": "1"})
    assert done.stdout.startswith("{")


def test_a_newer_format_is_refused_and_not_answered_from_what_was_kept(quiet):
    quiet.keep("status")
    body = b'{"format":99}\n'
    file = quiet.folder / ".mlctl" / "format"
    file.chmod(0o644)
    file.write_bytes(body + f"{hashlib.sha256(body).hexdigest()}  -\n".encode())
    assert quiet.ask("status")[1:] == (11, "computed")


def on_a_terminal(quiet, *arguments):
    """What a person sees of stdout and stderr, and the exit code."""
    ours, theirs = pty.openpty()
    program = subprocess.Popen(
        [sys.executable, "-c", ASK, *arguments],
        cwd=quiet.folder,
        env={**quiet.terminal.environment(), **quiet.env},
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    seen = b""
    with contextlib.suppress(OSError):  # Linux reports the end of a terminal as an error
        while piece := os.read(ours, 1 << 16):
            seen += piece
    os.close(ours)
    return seen.decode(), program.wait(60)


def test_a_person_at_a_terminal_sees_the_same_too(quiet):
    append(quiet.folder / "deeper.py", "OTHER = 1\n")
    computed, given = on_a_terminal(quiet, "status"), on_a_terminal(quiet, "status")
    assert "next: mlctl train demand" in computed[0]
    said = computed[0][computed[0].index("project small") :]  # before it stands the progress of hashing
    assert given == (said.replace("\ncomputed", "\nkept"), 0)
    assert said.endswith("computed\r\n")


def test_json_for_a_person_is_indented_whatever_was_kept(quiet):
    quiet.keep("status", "--json")
    assert '\n  "ok": true' in on_a_terminal(quiet, "status", "--json")[0].replace("\r", "")


def test_a_reader_that_has_gone_ends_a_kept_answer_quietly(quiet):
    quiet.keep("status")
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", ASK, "status"],
        cwd=quiet.folder,
        env={**quiet.terminal.environment(), **quiet.env},
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "kept\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_is_told_of_as_ever(quiet):
    quiet.keep("status")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", ASK, "status"],
            cwd=quiet.folder,
            env={**quiet.terminal.environment(), **quiet.env},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 93
    assert done.stderr.splitlines()[-2].startswith("error: the disk is full")


@pytest.mark.parametrize(
    "arguments",
    [
        ["data", "status"],
        ["data", "status", "--json"],
        ["data", "status", "--check"],
        ["data", "add"],
        ["data", "add", "rides.csv", "--json"],
        ["data", "add", "nothing.csv"],
        ["data", "checkout"],
        ["data", "checkout", "rides", "--json"],
        ["data", "checkout", "nothing"],
    ],
    ids=" ".join,
)
def test_the_plain_forms_of_data_commands_say_what_the_long_way_says(quiet, arguments):
    assert quiet.ask(*arguments)[:2] == quiet.long_way(*arguments)
