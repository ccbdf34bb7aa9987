"""`data add` on a real store."""

import hashlib
import json
import signal
import subprocess
import sys

import pytest

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import InvalidName, NotFound, UnreadableTable, UsageError
from mlctl.domain.profile import Profile
from mlctl.domain.records import decode
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.verbs.data_add import data_add
from mlctl.verbs.undo import undo
from mlctl.workspace.dvc_files import read_pointer


def add(project, *paths, **options):
    return data_add(project.session(), DataAddRequest(paths=paths, **options))


def md5(data):
    return hashlib.md5(data).hexdigest()  # noqa: S324 - DVC's name for bytes, no secret


def test_declared_data_get_a_pointer_cached_bytes_and_a_version(project):
    outcome = add(project)
    (row,) = outcome.data.datasets
    data = (project.root / "data/rides.csv").read_bytes()
    assert (row.name, row.version, row.path, row.rows, row.columns) == ("rides", 1, "data/rides.csv", 28, 4)
    assert (row.md5, row.bytes) == (md5(data), len(data))
    assert outcome.data.added == ("rides@1",)
    assert outcome.data.files == ("data/.gitignore", "data/rides.csv.dvc")
    assert read_pointer(project.root / "data/rides.csv.dvc").md5 == row.md5
    assert (project.root / ".mlctl/cache/files/md5" / row.md5[:2] / row.md5[2:]).read_bytes() == data
    assert (project.root / "data/.gitignore").read_text() == "/rides.csv\n"


def test_the_version_holds_schema_profile_and_both_hashes(project):
    (row,) = add(project).data.datasets
    repository = project.session().repository
    version = repository.facts.get(DatasetVersion, row.digest)
    profile = decode(repository.objects.read(version.profile), Profile)
    assert version.sha256 == hashlib.sha256((project.root / "data/rides.csv").read_bytes()).hexdigest()
    assert [(column.name, column.type) for column in version.columns] == [
        ("id", "integer"), ("day", "date"), ("temp", "number"), ("rides", "integer"),
    ]  # fmt: skip
    assert profile.rows == 28
    assert version.created_at.startswith("2030-01-01T12:00:")


def test_the_same_file_again_is_unchanged(project):
    add(project)
    before = project.decisions()
    outcome = add(project)
    assert not outcome.data.changed
    assert outcome.data.added == ()
    assert outcome.data.files == ()
    assert project.decisions() == before


def test_an_unchanged_file_is_not_read_again(project):
    project.quiet("data/rides.csv")
    seen = []
    session = project.session()
    session.report = seen.append
    data_add(session, DataAddRequest())
    assert [event.step for event in seen] == ["hash data/rides.csv"]
    seen.clear()
    data_add(session, DataAddRequest())
    assert seen == []


def test_changed_bytes_are_a_new_version_that_knows_its_parent(project):
    (first,) = add(project).data.datasets
    project.write("data/rides.csv", "id,day,temp,rides\n1,2026-01-01,1.5,3\n")
    (second,) = add(project).data.datasets
    assert second.version == 2
    assert project.session().repository.facts.get(DatasetVersion, second.digest).parent == first.digest


def test_old_bytes_are_their_old_version_again(project):
    text = (project.root / "data/rides.csv").read_text()
    add(project)
    project.write("data/rides.csv", "id,day,temp,rides\n1,2026-01-01,1.5,3\n")
    add(project)
    project.write("data/rides.csv", text)
    before = project.decisions()
    outcome = add(project)
    assert outcome.data.datasets[0].version == 1
    assert outcome.data.added == ()
    assert outcome.data.files == ("data/rides.csv.dvc",)
    assert project.decisions() == before


def test_the_same_bytes_read_in_another_way_are_another_version(project):
    add(project)
    spec = (project.root / "mlctl.toml").read_text()
    project.write("mlctl.toml", spec + '\n[data.rides.read]\nnull = ["3"]\n')
    outcome = add(project)
    version = project.session().repository.facts.get(DatasetVersion, outcome.data.datasets[0].digest)
    assert outcome.data.added == ("rides@2",)
    assert version.origin == {"read": {"null": ["3"]}}


def test_a_withdrawn_version_comes_back_under_a_new_number(project):
    (first,) = add(project).data.datasets
    undo(project.session(), UndoRequest())
    (again,) = add(project).data.datasets
    assert (again.version, again.digest) == (2, first.digest)


def test_a_folder_is_listed_as_dvc_lists_it(project):
    for name, text in (("b.txt", "two"), ("a/1.txt", "one"), ("a/ü.txt", "three")):
        project.write(f"img/{name}", text)
    (row,) = add(project, "img", name="signs").data.datasets
    listing = json.dumps(
        [
            {"md5": md5(text), "relpath": path}
            for path, text in (("a/1.txt", b"one"), ("a/ü.txt", b"three"), ("b.txt", b"two"))
        ]
    ).encode()
    assert row.md5 == md5(listing) + ".dir"
    assert read_pointer(project.root / "img.dvc").nfiles == 3
    version = project.session().repository.facts.get(DatasetVersion, row.digest)
    manifest = json.loads(project.session().repository.objects.read(version.sha256))
    assert (manifest[0]["path"], manifest[0]["sha256"]) == (
        "a/1.txt",
        hashlib.sha256(b"one").hexdigest(),
    )


def test_a_file_that_is_no_table_is_versioned_without_rows(project):
    project.write("model.bin", "\0\1\2")
    (row,) = add(project, "model.bin").data.datasets
    assert (row.name, row.rows, row.columns) == ("model", None, None)


def test_broken_checks_are_warnings_with_the_command_that_shows_them(project):
    project.write("data/rides.csv", "id,day,temp,rides\n1,2026-01-01,1.5,3\n1,2026-01-02,1.5,-4\n")
    outcome = add(project)
    assert any("unique(id)" in warning for warning in outcome.warnings)
    assert any("between(rides, 0, 1000)" in warning and "-4" in warning for warning in outcome.warnings)
    assert "mlctl data check rides" in outcome.next


def test_a_dry_run_says_what_would_be_and_does_nothing(project):
    outcome = add(project, dry_run=True)
    assert outcome.data.added == ("rides@1",)
    assert outcome.data.changed
    assert not (project.root / "data/rides.csv.dvc").exists()
    assert project.decisions() == 1
    assert not (project.root / ".mlctl/cache/files").exists()


@pytest.mark.parametrize(("text", "told"), [("", "is empty"), ("id,day,temp,rides\n", "no rows")])
def test_an_empty_or_header_only_table_is_told_and_leaves_no_name(project, text, told):
    project.write("data/rides.csv", text)
    with pytest.raises(UnreadableTable, match=told):
        add(project)
    assert not (project.root / "data/rides.csv.dvc").exists()
    assert project.decisions() == 1


def test_a_text_that_nobody_declared_a_table_is_versioned_as_it_is(project):
    project.write("notes.txt", "hello\n")
    outcome = add(project, "notes.txt")
    (row,) = outcome.data.datasets
    assert (row.name, row.version, row.rows) == ("notes", 1, None)
    assert [warning for warning in outcome.warnings if "without schema" in warning]
    assert add(project, "notes.txt").warnings == ()


def test_what_cannot_be_added_is_told(project, tmp_path):
    project.write("a\nb.csv", "x")
    (project.root / "empty").mkdir()
    (tmp_path / "outside.csv").write_text("a\n1\n")
    (project.root / "link.csv").symlink_to(tmp_path / "outside.csv")
    for path, error, message in (
        ("missing.csv", NotFound, "does not exist"),
        ("empty", NotFound, "holds no files"),
        ("a\nb.csv", InvalidName, "line break"),
        ("link.csv", UsageError, "symbolic link"),
        (str(tmp_path / "outside.csv"), UsageError, "not inside the project"),
        (".mlctl/format", UsageError, "belongs to"),
        (".", UsageError, "is the project itself"),
    ):
        with pytest.raises(error, match=message):
            add(project, path)
    assert project.decisions() == 1


def test_a_pointer_is_refused_and_a_part_of_a_versioned_folder_has_no_version_of_its_own(project):
    project.write("img/a.txt", "x")
    add(project, "img")
    with pytest.raises(UsageError, match="is a pointer"):
        add(project, "img.dvc")
    assert not add(project, "img/a.txt").data.changed
    assert not (project.root / "img/a.txt.dvc").exists()


def test_names_must_agree_with_the_spec(project):
    project.write("other.csv", "a\n1\n")
    with pytest.raises(UsageError, match="declared as 'rides'"):
        add(project, "data/rides.csv", name="bikes")
    with pytest.raises(UsageError, match="with path 'data/rides"):
        add(project, "other.csv", name="rides")
    with pytest.raises(UsageError, match="exactly one path"):
        add(project, name="x")
    with pytest.raises(InvalidName):
        add(project, "other.csv", name="Upper Case")


def test_a_file_that_git_tracks_is_added_with_a_warning(project):
    subprocess.run(["git", "add", "-f", "data/rides.csv"], cwd=project.root, check=True)
    assert any("git rm -r --cached data/rides.csv" in warning for warning in add(project).warnings)


def test_autostage_puts_the_pointer_into_git_s_index(project):
    with (project.root / ".dvc/config").open("a") as file:
        file.write("[core]\n    autostage = true\n")
    add(project)
    staged = subprocess.run(
        ["git", "diff", "--cached", "--name-only"],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert staged == ["data/.gitignore", "data/rides.csv.dvc"]


def test_without_autostage_git_s_index_is_left_alone(project):
    add(project)
    staged = subprocess.run(
        ["git", "diff", "--cached", "--name-only"], cwd=project.root, capture_output=True, check=True
    )
    assert staged.stdout == b""


KILLED = """
import os, signal, sys
from pathlib import Path
stop = int(sys.argv[1])
calls = 0
def dying(act):
    def call(*args, **kwargs):
        global calls
        calls += 1
        if calls == stop:
            os.kill(os.getpid(), signal.SIGKILL)
        return act(*args, **kwargs)
    return call
import mlctl.verbs.data_add as verb
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.project.session import Session
session = Session.open(Path.cwd())
for name in ("rename", "replace", "link", "fsync"):
    setattr(os, name, dying(getattr(os, name)))
verb.data_add(session, DataAddRequest())
print("done", calls)
"""


@pytest.mark.slow
def test_killed_at_every_write_the_next_add_finishes(project):
    code = subprocess.run(
        [sys.executable, "-c", KILLED, "0"], cwd=project.root, capture_output=True, text=True, check=True
    )
    writes = int(code.stdout.split()[1])
    assert writes > 8
    for stop in range(1, writes + 1):
        project.write("data/rides.csv", f"id,day,temp,rides\n{stop},2026-01-01,1.5,3\n")
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(stop)], cwd=project.root, capture_output=True, check=False
        )
        if done.returncode == 0:  # some writes are made only the first time
            break
        assert done.returncode == -signal.SIGKILL
        outcome = add(project)
        assert outcome.data.datasets[0].md5 == md5((project.root / "data/rides.csv").read_bytes())
        assert read_pointer(project.root / "data/rides.csv.dvc").md5 == outcome.data.datasets[0].md5
        assert not add(project).data.changed


def test_a_folder_that_changes_twice_in_a_moment_has_the_pointer_of_its_last_state(project):
    """Files that may still change are not remembered; neither is the name of a folder that holds them."""
    seen = set()
    for text in ("one", "one, better", "two"):
        for file in ("cats/1.jpg", "cats/2.jpg"):
            project.write(f"images/{file}", text)
        data_add(project.session(), DataAddRequest(paths=("images",)))
        pointer = read_pointer(project.root / "images.dvc")
        items = [{"md5": md5(text.encode()), "relpath": f"cats/{n}.jpg"} for n in (1, 2)]
        assert pointer.md5 == md5(json.dumps(items).encode()) + ".dir"
        seen.add(pointer.md5)
    assert len(seen) == 3


def test_a_tracked_path_does_not_become_another_dataset(project):
    project.write("img/1.txt", "one")
    data_add(project.session(), DataAddRequest(paths=("img",)))
    with pytest.raises(UsageError, match="versioned as 'img', not 'other'"):
        data_add(project.session(), DataAddRequest(paths=("img",), name="other"))
    assert data_add(project.session(), DataAddRequest(paths=("img",), name="img")).data.changed is False


@pytest.mark.parametrize("path", ["mlctl.toml", "dvc.yaml", ".gitignore"])
def test_settings_are_no_data(project, path):
    project.write(path, "[data]\n" if path == "mlctl.toml" else "")
    with pytest.raises(UsageError, match="is no data"):
        data_add(project.session(), DataAddRequest(paths=(path,)))


def test_a_part_that_was_removed_is_told_by_its_path_in_the_project(project):
    project.write("img/a/1.txt", "one")
    project.write("img/2.txt", "two")
    data_add(project.session(), DataAddRequest(paths=("img",)))
    (project.root / "img/a/1.txt").unlink()
    (project.root / "img/a").rmdir()
    with pytest.raises(NotFound, match=r"^img/a does not exist") as caught:
        data_add(project.session(), DataAddRequest(paths=("img/a",)))
    assert caught.value.hints == ("mlctl data add img",)


def test_a_mistyped_path_tells_what_was_most_likely_meant(project, monkeypatch):
    monkeypatch.chdir(project.root / "data")
    with pytest.raises(NotFound, match=r"^data/ride.csv does not exist; did you mean rides.csv\?$") as caught:
        data_add(project.session(), DataAddRequest(paths=("ride.csv",)))
    assert caught.value.hints == ("mlctl data add rides.csv",)
    with pytest.raises(NotFound, match=r"does not exist$"):
        data_add(project.session(), DataAddRequest(paths=("quite-another.csv",)))
