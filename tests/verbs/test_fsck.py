"""fsck on a real store: clean, or every problem by path."""

import shutil
from hashlib import md5 as md5_of

import pytest

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import Corrupt, Missing
from mlctl.domain.progress import silent
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_checkout import DataCheckoutRequest
from mlctl.domain.requests.fetch import FetchRequest
from mlctl.domain.requests.fsck import FsckRequest
from mlctl.domain.requests.push import PushRequest
from mlctl.domain.requests.remote_add import RemoteAddRequest
from mlctl.project.session import Session
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_checkout import data_checkout
from mlctl.verbs.fetch import fetch
from mlctl.verbs.fsck import fsck
from mlctl.verbs.push import push
from mlctl.verbs.remote_add import remote_add
from mlctl.workspace.dvc_cache import DvcCache
from tests.e2e.dvc_both_ways import Place
from tests.store import full
from tests.verbs.teams import team

assert team  # a fixture


@pytest.fixture
def session(tmp_path) -> Session:
    return full.session(tmp_path)


@pytest.fixture
def life(session) -> dict[str, str]:
    return full.life(session)


@pytest.mark.usefixtures("life")
def test_fsck_says_what_was_verified_or_raises_with_every_problem(session):
    clean = fsck(session, FsckRequest()).data
    assert clean.clean
    assert clean.checked["decisions"] == 6
    assert clean.checked["cache_files"] == 1
    run = session.repository.facts.all(full.Run)[0][1]
    session.repository.layout.object(run.log).unlink()
    with pytest.raises(Missing) as missing:
        fsck(session, FsckRequest())
    assert [problem["kind"] for problem in missing.value.facts["problems"]] == ["missing"]
    path = session.repository.layout.object(run.spec)
    path.chmod(0o644)
    path.write_bytes(b"other")
    with pytest.raises(Corrupt) as corrupt:
        fsck(session, FsckRequest())
    assert sorted(problem["kind"] for problem in corrupt.value.facts["problems"]) == ["corrupt", "missing"]
    assert run.spec in corrupt.value.message
    assert corrupt.value.exit_code == 50


@pytest.fixture
def folder(project):
    """A folder in two versions that share a file, and a table."""
    for name in ("a", "b"):
        project.write(f"img/{name}.txt", name)
    data_add(project.session(), DataAddRequest())
    data_add(project.session(), DataAddRequest(paths=("img",)))
    project.write("img/c.txt", "c")
    data_add(project.session(), DataAddRequest(paths=("img",)))
    return project


def damage(project, text):
    """Change one bit of the cached file with these bytes."""
    cache = DvcCache(project.root / ".mlctl/cache")
    path = cache.path(md5_of(text.encode(), usedforsecurity=False).hexdigest())
    path.chmod(0o644)
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1, *path.read_bytes()[1:]]))
    path.chmod(0o444)
    return path


def problems(project, error, **how):
    with pytest.raises(error) as caught:
        fsck(project.session(), FsckRequest(**how))
    return caught.value.facts["problems"]


def test_a_damaged_file_says_which_versions_it_hits_and_where(folder):
    damage(folder, "a")
    (problem,) = problems(folder, Corrupt)
    assert problem["kind"] == "corrupt"
    assert "hits img@1, img@2 (img/a.txt)" in problem["what"]


def test_a_damaged_object_says_whom_it_hits(folder):
    repository = folder.session().repository
    profile = next(v.profile for _d, v in repository.facts.all(DatasetVersion) if v.name == "rides")
    path = repository.layout.object(profile)
    path.chmod(0o644)
    path.write_bytes(b"other")
    (problem,) = problems(folder, Corrupt)
    assert "hits rides@1" in problem["what"]


def test_quick_sees_what_is_missing_and_not_what_is_changed(folder):
    damage(folder, "a")
    assert fsck(folder.session(), FsckRequest(quick=True)).data.clean
    damage(folder, "b").unlink()
    (problem,) = problems(folder, Missing, quick=True)
    assert "img/b.txt" in problem["what"]


def test_repair_takes_the_bytes_from_the_work_tree_and_keeps_what_was_damaged(folder):
    path = damage(folder, "a")
    damaged = path.read_bytes()
    with pytest.raises(Corrupt):
        fsck(folder.session(), FsckRequest(repair=True, dry_run=True))
    assert path.read_bytes() == damaged
    result = fsck(folder.session(), FsckRequest(repair=True)).data
    assert result.repaired == (path.relative_to(folder.root).as_posix(),)
    assert path.read_bytes() == b"a"
    assert [
        file.read_bytes() for file in (folder.root / ".mlctl/cache/damaged").rglob("*") if file.is_file()
    ] == [damaged]


def test_repair_fetches_what_the_work_tree_does_not_have(folder, tmp_path):
    place = Place(folder.root)
    place.dvc("remote", "add", "--default", "store", str(tmp_path / "store"))
    place.dvc("push", "--quiet")
    listing = next((folder.root / ".mlctl/cache/files").rglob("*.dir"))
    damage(folder, "c")
    listing.unlink()
    (folder.root / "img/c.txt").write_text("changed")
    data_of_another = damage(folder, "a")
    assert data_of_another.exists()
    result = fsck(folder.session(), FsckRequest(repair=True)).data
    assert result.changed
    assert fsck(folder.session(), FsckRequest()).data.clean


def test_what_neither_has_stays_a_problem(folder):
    damage(folder, "c")
    (folder.root / "img/c.txt").write_text("changed")
    (problem,) = problems(folder, Missing, repair=True)
    assert "img@2" in problem["what"]


def test_data_that_a_remote_is_to_hold_are_no_fault(folder, tmp_path):
    damage(folder, "c").unlink()
    Place(folder.root).dvc("remote", "add", "--default", "store", str(tmp_path / "store"))
    result = fsck(folder.session(), FsckRequest()).data
    assert result.notes == ("img@2: 1 file of it is not in the cache; the remote has to hold them",)


@pytest.mark.parametrize("folder", ["facts", "decisions"])
def test_a_folder_of_a_shared_repository_that_is_gone_is_told_and_comes_back(team, folder):
    first = team.shared()
    shutil.rmtree(first.root / ".mlctl" / folder)
    with pytest.raises(Missing) as caught:
        fsck(first.session(), FsckRequest())
    assert "mlctl fetch --all" in caught.value.hints
    fetch(FetchRequest(folder=str(first.root), everything=True), report=silent, command="mlctl fetch --all")
    assert first.problems() == ()
    assert first.versions() == {1: team.one}


def spoil(path):
    path.chmod(0o644)
    path.write_bytes(b"other")
    path.chmod(0o444)


def test_repair_brings_objects_facts_and_decisions_from_the_remote_of_the_log(team):
    first = team.shared()
    full.add_dataset(first.repository, 2)
    first.push()
    layout, facts = first.repository.layout, first.repository.facts
    one, two = (facts.get(DatasetVersion, digest).profile for digest in facts_of(first))
    whole = [layout.object(one), layout.fact("models", team.one), layout.decision(3)]
    before = [path.read_bytes() for path in whole]
    for path in whole:
        spoil(path)
    layout.object(two).unlink()
    with pytest.raises(Corrupt) as caught:
        fsck(first.session(), FsckRequest())
    assert caught.value.hints[0] == "mlctl fsck --repair"
    result = fsck(first.session(), FsckRequest(repair=True)).data
    assert (result.changed, len(result.repaired)) == (True, 4)
    assert [path.read_bytes() for path in whole] == before
    assert layout.object(two).exists()
    kept = [path.name for path in (layout.store / "damaged").rglob("*") if path.is_file()]
    assert sorted(kept) == sorted(path.name for path in whole)
    assert first.problems() == ()


def facts_of(member):
    return [
        digest for _number, digest in member.repository.decisions.names().versions("datasets/rides").items()
    ]


def test_what_the_remote_does_not_have_stays_where_it_is(team):
    first = team.shared()
    digest = full.add_dataset(first.repository, 2)  # not pushed
    profile = first.repository.facts.get(DatasetVersion, digest).profile
    path = first.repository.layout.object(profile)
    spoil(path)
    with pytest.raises(Corrupt):
        fsck(first.session(), FsckRequest(repair=True))
    assert path.read_bytes() == b"other"


def test_the_hint_of_a_checkout_that_meets_damaged_bytes_repairs_them_in_one_go(folder, tmp_path):
    remote_add(folder.session(), RemoteAddRequest(name="origin", url=str(tmp_path / "remote")))
    push(folder.session(), PushRequest())
    damage(folder, "c")
    shutil.rmtree(folder.root / "img")
    with pytest.raises(Corrupt) as caught:
        data_checkout(folder.session(), DataCheckoutRequest(dataset="img"))
    assert caught.value.hints == ("mlctl fsck --repair",)
    assert fsck(folder.session(), FsckRequest(repair=True)).data.changed
    data_checkout(folder.session(), DataCheckoutRequest(dataset="img"))
    assert (folder.root / "img/c.txt").read_text() == "c"


def test_what_waits_and_what_was_published_are_counted_apart(team):
    first = team.shared()
    first.promote(team.one)
    first.promote(None)
    checked = fsck(first.session(), FsckRequest()).data.checked
    assert (checked.get("pending"), checked.get("settled")) == (2, None)
    first.push()
    first.promote(team.one)
    checked = fsck(first.session(), FsckRequest()).data.checked
    assert (checked.get("pending"), checked.get("settled")) == (1, 2)
