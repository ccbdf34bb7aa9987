"""`init` into every kind of folder."""

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mlctl.domain.errors import (
    AlreadyExists,
    ColumnMissing,
    InvalidName,
    NotFound,
    NotInstalled,
    UnreadableTable,
    UsageError,
)
from mlctl.domain.progress import silent
from mlctl.domain.requests.init import InitRequest
from mlctl.domain.spec_reader import read_spec
from mlctl.store.repository import Repository
from mlctl.verbs.init import init

TABLE = "id,size,kind,price\n" + "".join(
    f"{n},{n % 17 / 2},{'ab'[n % 2]},{n * 2 + n % 3}\n" for n in range(200)
)


def make(folder, **options):
    return init(InitRequest(directory=str(folder), **options), report=silent, command="mlctl init").data


def git(folder, *arguments):
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def files_below(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {".git", "index", "tmp"} & set(path.relative_to(folder).parts)
    }


def test_an_empty_folder_becomes_a_project_with_git_dvc_and_a_store(tmp_path):
    result = make(tmp_path / "bikes", template="bike-demand")
    root = tmp_path / "bikes"
    assert result.changed
    assert result.project == "bikes"
    assert (root / ".git").is_dir()
    assert (root / ".dvc/config").read_text() == "[cache]\n    dir = ../.mlctl/cache\n"
    assert Repository.find(root).id == result.repository
    assert read_spec((root / "mlctl.toml").read_text(), "mlctl.toml").project.name == "bikes"
    assert (
        hashlib.sha256((root / "data/hour.csv").read_bytes()).hexdigest()
        == "e03de4ee4ef4dc376ac6e04bf829673c6269e8eba5c60fa121640fa2f829504f"
    )


def test_git_tracks_the_repository_s_configuration_and_nothing_else_of_the_store(tmp_path):
    make(tmp_path, name="x")
    git(tmp_path, "add", "-A")
    staged = set(git(tmp_path, "diff", "--cached", "--name-only").split())
    assert {path for path in staged if path.startswith(".mlctl")} == {".mlctl/config.toml"}
    assert {".dvc/config", ".dvcignore", ".gitignore", "mlctl.toml"} <= staged


def test_nothing_is_committed_for_the_user(tmp_path):
    make(tmp_path, name="x")
    assert git(tmp_path, "count-objects").startswith("0 objects")


def test_the_second_time_is_unchanged(tmp_path):
    make(tmp_path / "p")
    before = files_below(tmp_path / "p")
    result = make(tmp_path / "p")
    assert not result.changed
    assert files_below(tmp_path / "p") == before


def test_an_existing_git_repository_keeps_everything_that_it_has(tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / ".gitignore").write_text("*.pyc")
    result = make(tmp_path, template="bare", name="x")
    assert (tmp_path / "README.md").read_text() == "mine"
    assert result.kept == ("README.md",)
    assert (tmp_path / ".gitignore").read_text() == "*.pyc\n/.mlctl/*\n!/.mlctl/config.toml\n"


def test_a_subfolder_of_a_git_repository_gets_no_repository_of_its_own(tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    make(tmp_path / "teams/rides")
    assert not (tmp_path / "teams/rides/.git").exists()
    assert (tmp_path / "teams/rides/.dvc/config").exists()
    git(tmp_path, "add", "-A")
    staged = git(tmp_path, "diff", "--cached", "--name-only").split()
    assert [path for path in staged if ".mlctl" in path] == ["teams/rides/.mlctl/config.toml"]


def test_an_existing_dvc_configuration_is_left_as_it_is(tmp_path):
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").write_text("[cache]\n    dir = /far/away\n")
    make(tmp_path, name="x")
    assert (tmp_path / ".dvc/config").read_text() == "[cache]\n    dir = /far/away\n"


def test_an_existing_spec_is_kept_and_not_overwritten_by_a_template(tmp_path):
    (tmp_path / "mlctl.toml").write_text('spec = 1\n[project]\nname = "mine"\n')
    with pytest.raises(AlreadyExists, match=r"mlctl\.toml already"):
        make(tmp_path, template="bike-demand", name="x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mlctl.toml"]
    make(tmp_path, name="x")
    assert (tmp_path / "mlctl.toml").read_text() == 'spec = 1\n[project]\nname = "mine"\n'


def test_a_file_or_a_folder_inside_a_project_is_no_place_for_one(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(AlreadyExists, match="is a file"):
        make(tmp_path / "file")
    make(tmp_path / "p")
    with pytest.raises(AlreadyExists, match="inside the project"):
        make(tmp_path / "p/data/deep")


def test_a_dry_run_makes_nothing(tmp_path):
    result = make(tmp_path / "p", template="bike-demand", dry_run=True)
    assert {".git", ".mlctl", "data/hour.csv", "mlctl.toml"} <= set(result.created)
    assert result.repository is None
    assert not (tmp_path / "p").exists()


def test_a_clone_gets_the_same_repository_id(tmp_path):
    made = make(tmp_path / "p")
    (tmp_path / "clone/.mlctl").mkdir(parents=True)
    (tmp_path / "clone/.mlctl/config.toml").write_bytes((tmp_path / "p/.mlctl/config.toml").read_bytes())
    assert make(tmp_path / "clone").repository == made.repository


def test_without_git_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NotInstalled, match="git is not installed"):
        make(tmp_path / "p")


def test_names_are_checked_and_made_from_the_folder(tmp_path):
    assert make(tmp_path / "My Rides!").project == "my-rides"
    with pytest.raises(InvalidName):
        make(tmp_path / "other", name="Not Good")


def test_a_table_outside_is_copied_and_its_spec_proposed(tmp_path):
    (tmp_path / "houses.csv").write_text(TABLE)
    result = make(tmp_path / "p", table=str(tmp_path / "houses.csv"), target="price")
    spec = read_spec((tmp_path / "p/mlctl.toml").read_text(), "mlctl.toml")
    assert (tmp_path / "p/data/houses.csv").read_text() == TABLE
    assert spec.data["houses"].path == "data/houses.csv"
    assert spec.model["price"].target == "price"
    assert (result.target, result.task) == ("price", "regression")
    assert "#" in (tmp_path / "p/mlctl.toml").read_text()


def test_a_table_inside_stays_where_it_is(tmp_path):
    (tmp_path / "p").mkdir()
    (tmp_path / "p/houses.csv").write_text(TABLE)
    make(tmp_path / "p", table=str(tmp_path / "p/houses.csv"), target="price")
    assert not (tmp_path / "p/data").exists()
    assert (
        read_spec((tmp_path / "p/mlctl.toml").read_text(), "mlctl.toml").data["houses"].path == "houses.csv"
    )


def test_a_test_file_and_columns_without_a_header_are_understood(tmp_path):
    rows = TABLE.split("\n", 1)[1]
    (tmp_path / "all.data").write_text(rows)
    (tmp_path / "all.test").write_text(rows)
    make(
        tmp_path / "p",
        table=str(tmp_path / "all.data"),
        target="price",
        test=str(tmp_path / "all.test"),
        columns=("id", "size", "kind", "price"),
        null=("?",),
    )
    spec = read_spec((tmp_path / "p/mlctl.toml").read_text(), "mlctl.toml")
    assert spec.data["all"].read.names == ["id", "size", "kind", "price"]
    assert spec.data["all"].read.null == ["?"]
    assert (spec.model["price"].split.by, spec.model["price"].split.test) == ("dataset", "all-test")


@pytest.mark.parametrize(
    ("text", "target", "error"),
    [
        ("", "price", UnreadableTable),
        ("id,price\n", "price", UnreadableTable),
        (TABLE, "cost", ColumnMissing),
    ],
)
def test_a_table_that_cannot_be_learnt_from_leaves_nothing(tmp_path, text, target, error):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(error):
        make(tmp_path / "p", table=str(tmp_path / "t.csv"), target=target)
    assert not (tmp_path / "p").exists()


def test_options_that_do_not_go_together_are_told(tmp_path):
    (tmp_path / "t.csv").write_text(TABLE)
    table = str(tmp_path / "t.csv")
    with pytest.raises(UsageError, match="which column"):
        make(tmp_path / "p", table=table)
    with pytest.raises(UsageError, match="takes no --template"):
        make(tmp_path / "p", table=table, target="price", template="bare")
    with pytest.raises(UsageError, match="go with --from"):
        make(tmp_path / "p", target="price")
    with pytest.raises(NotFound, match="does not exist"):
        make(tmp_path / "p", table=str(tmp_path / "none.csv"), target="price")


KILLED = """
import os, signal, sys
stop = int(sys.argv[2])
calls = 0
def dying(act):
    def call(*args, **kwargs):
        global calls
        calls += 1
        if calls == stop:
            os.kill(os.getpid(), signal.SIGKILL)
        return act(*args, **kwargs)
    return call
from mlctl.domain.progress import silent
from mlctl.domain.requests.init import InitRequest
from mlctl.verbs.init import init
for name in ("rename", "replace", "link", "mkdir"):
    setattr(os, name, dying(getattr(os, name)))
init(InitRequest(directory=sys.argv[1], template="bare"), report=silent, command="mlctl init")
print("done", calls)
"""


@pytest.mark.slow
def test_killed_at_every_write_it_is_simply_run_again(tmp_path):
    def run(folder, stop):
        command = [sys.executable, "-c", KILLED, str(folder), str(stop)]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)

    writes = int(run(tmp_path / "whole", 0).stdout.split()[1])
    assert writes > 20
    whole = {path for path in files_below(tmp_path / "whole") if "decisions" not in path}
    for stop in range(1, writes + 1, 3):
        folder = tmp_path / f"p{stop}"
        assert run(folder, stop).returncode == -signal.SIGKILL
        make(folder, template="bare")
        found = {path for path in files_below(folder) if not Path(path).name.endswith(".tmp")}
        assert {path for path in found if "decisions" not in path} == whole
        assert Repository.find(folder).decisions.names().head == 1


def test_a_table_for_a_project_that_stands_is_not_used_and_said_so(tmp_path):
    make(tmp_path)
    again = init(
        InitRequest(directory=str(tmp_path), table="sales.csv", target="y"),
        report=silent,
        command="mlctl init",
    )
    assert again.warnings == ("mlctl.toml is there already and stays as it is: --from was not used",)
    assert not again.data.changed


def test_a_project_without_its_spec_gets_one_from_a_table(tmp_path):
    make(tmp_path)
    (tmp_path / "mlctl.toml").unlink()
    (tmp_path / "sales.csv").write_text(TABLE, encoding="utf-8")
    data = make(tmp_path, table=str(tmp_path / "sales.csv"), target="price")
    assert data.created == ("mlctl.toml",)
    assert 'target = "price"' in (tmp_path / "mlctl.toml").read_text(encoding="utf-8")
