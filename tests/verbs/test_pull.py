"""`pull`: decisions, facts and the data of the work tree; a dataset that was changed stays."""

import shutil

import pytest

from mlctl.deployment.pointer import StagePointer
from mlctl.domain.errors import Incomplete
from mlctl.domain.progress import silent
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.init import InitRequest
from mlctl.domain.requests.pull import PullRequest
from mlctl.domain.requests.push import PushRequest
from mlctl.domain.requests.remote_add import RemoteAddRequest
from mlctl.project.session import Session
from mlctl.store.repository import Repository
from mlctl.verbs.data_add import data_add
from mlctl.verbs.init import init
from mlctl.verbs.pull import pull
from mlctl.verbs.push import push
from mlctl.verbs.remote_add import remote_add
from mlctl.workspace.dvc_files import read_pointer
from tests.verbs.teams import team

assert team  # a fixture


def test_pull_in_what_git_has_cloned_makes_the_repository(team):
    team.shared()
    second = team.clone("second")
    assert second.versions() == {1: team.one}
    assert second.repository.id == team.first.repository.id
    assert second.pull().changed is False


def test_a_server_that_follows_a_stage_sees_what_a_pull_brought(team):
    first, second = team.shared(), team.clone("second")
    pointer = StagePointer(second.repository, "demand", "production")
    assert pointer.peek() is None
    first.promote(team.one)
    first.push()
    second.pull()
    assert pointer.peek() == team.one
    assert pointer.resolve().version == 1
    pointer.close()


def project(folder):
    init(InitRequest(directory=str(folder), template="bare"), report=silent, command="mlctl init")
    return lambda: Session(Repository.find(folder), command="mlctl test")


def test_the_data_of_the_work_tree_come_and_changed_ones_stay(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    one = tmp_path / "one"
    session = project(one)
    (one / "a.csv").write_text("x\n1\n")
    (one / "b.csv").write_text("x\n2\n")
    monkeypatch.chdir(one)
    data_add(session(), DataAddRequest(paths=("a.csv", "b.csv")))
    remote_add(session(), RemoteAddRequest(name="origin", url="../remote"))
    push(session(), PushRequest())
    two = tmp_path / "two"
    for path in (".mlctl/config.toml", ".dvc/config", "a.csv.dvc", "b.csv.dvc", "mlctl.toml"):
        (two / path).parent.mkdir(parents=True, exist_ok=True)
        (two / path).write_bytes((one / path).read_bytes())
    (two / "b.csv").write_text("x\n3\n")
    monkeypatch.chdir(two)
    done = pull(PullRequest(folder=str(two)), report=silent, command="mlctl pull").data
    assert (two / "a.csv").read_text() == "x\n1\n"
    assert (two / "b.csv").read_text() == "x\n3\n"
    assert (done.files, done.kept) == (1, ("b",))


def test_a_folder_that_cannot_be_read_stays_and_the_others_come(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    one = tmp_path / "one"
    session = project(one)
    for name in ("a", "b"):
        (one / name).mkdir()
        (one / name / "1.txt").write_text(name, encoding="utf-8")
    monkeypatch.chdir(one)
    data_add(session(), DataAddRequest(paths=("a", "b")))
    remote_add(session(), RemoteAddRequest(name="origin", url=str(tmp_path / "remote")))
    push(session(), PushRequest())
    (one / "a" / "link").symlink_to("/nowhere")
    (one / "b" / "1.txt").unlink()
    done = pull(PullRequest(folder=str(one)), report=silent, command="mlctl pull")
    assert (done.data.files, done.data.kept) == (1, ("a",))
    assert [text for text in done.warnings if "a/link is a symbolic link" in text]
    assert (one / "b" / "1.txt").read_text(encoding="utf-8") == "b"


def test_what_the_remote_has_lost_is_named_once_all_else_has_come_and_who_has_it_heals_it(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    one, two = tmp_path / "one", tmp_path / "two"
    session = project(one)
    for name in ("a", "b"):
        (one / f"{name}.csv").write_text(f"x\n{name}\n")
    monkeypatch.chdir(one)
    data_add(session(), DataAddRequest(paths=("a.csv", "b.csv")))
    remote_add(session(), RemoteAddRequest(name="origin", url="../remote"))
    push(session(), PushRequest())
    stored = next(
        path for path in (tmp_path / "remote/files").rglob("*") if path.name == stored_name(one, "a")
    )
    stored.unlink()
    for path in (".mlctl/config.toml", ".dvc/config", "a.csv.dvc", "b.csv.dvc", "mlctl.toml"):
        (two / path).parent.mkdir(parents=True, exist_ok=True)
        (two / path).write_bytes((one / path).read_bytes())
    monkeypatch.chdir(two)
    with pytest.raises(Incomplete, match=r"^a\.csv: .* `mlctl push --verify` ") as raised:
        pull(PullRequest(folder=str(two)), report=silent, command="mlctl pull")
    assert raised.value.facts["paths"] == ["a.csv"]
    assert (two / "b.csv").read_text() == "x\nb\n"
    push(session(), PushRequest(verify=True))
    assert pull(PullRequest(folder=str(two)), report=silent, command="mlctl pull").data.files == 1
    assert (two / "a.csv").read_text() == "x\na\n"


def test_a_lost_object_that_the_work_tree_needs_comes_again(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    one = tmp_path / "one"
    session = project(one)
    (one / "a").mkdir()
    (one / "a" / "1.txt").write_text("1", encoding="utf-8")
    monkeypatch.chdir(one)
    data_add(session(), DataAddRequest(paths=("a",)))
    remote_add(session(), RemoteAddRequest(name="origin", url=str(tmp_path / "remote")))
    push(session(), PushRequest())
    objects = list((one / ".mlctl/objects").rglob("?" * 64))
    for path in objects:
        path.unlink()
    shutil.rmtree(one / "a")
    shutil.rmtree(one / ".mlctl/cache/files")
    done = pull(PullRequest(folder=str(one)), report=silent, command="mlctl pull").data
    assert (done.files, done.fetched.objects, done.changed) == (1, len(objects), True)
    assert all(path.exists() for path in objects)


def stored_name(root, name):
    return read_pointer(root / f"{name}.csv.dvc").md5[2:]


def test_init_of_a_clone_names_the_log_that_is_shared(team, monkeypatch):
    first = team.shared()
    folder = team.folder / "clone"
    (folder / ".mlctl").mkdir(parents=True)
    shutil.copy(first.root / ".mlctl/config.toml", folder / ".mlctl/config.toml")
    monkeypatch.chdir(folder)
    made = init(InitRequest(directory=str(folder)), report=silent, command="mlctl init")
    assert made.next[0] == "mlctl fetch"
