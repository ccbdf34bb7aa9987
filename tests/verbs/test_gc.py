"""What nothing needs goes to a trash; what anything needs stays: each kind of need has its case."""

import shutil
from pathlib import Path

import msgspec
import pytest

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import Corrupt, Missing, NotFound, NotInstalled, UsageError
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.fsck import FsckRequest
from mlctl.domain.requests.gc import GcRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.project.session import Session
from mlctl.store.repository import Repository
from mlctl.verbs.data_add import data_add
from mlctl.verbs.fsck import fsck
from mlctl.verbs.gc import gc
from mlctl.verbs.undo import undo
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import Pointer, write_pointer
from tests.e2e.dvc_both_ways import Place
from tests.store import full

NOW = {"older_than": "0s"}


def put(project, text, name="stray.bin"):
    """Bytes in the cache that nothing names; their md5."""
    file = project.write(f"../{name}", text)
    return DvcCache(project.root / ".mlctl/cache").take(file).hashes.md5


def collect(project, **more):
    return gc(project.session(), GcRequest(**{**NOW, "yes": True, **more})).data


def plan(project, **more):
    return gc(project.session(), GcRequest(**{**NOW, **more}))


def gone(project, md5):
    return not DvcCache(project.root / ".mlctl/cache").has(md5)


def clean(project):
    return fsck(project.session(), FsckRequest()).data.clean


@pytest.fixture
def added(project):
    """A file and a folder, versioned and committed."""
    project.write("img/a.txt", "a")
    project.write("img/b.txt", "b")
    data_add(project.session(), DataAddRequest())
    data_add(project.session(), DataAddRequest(paths=("img",)))
    Place(project.root).commit()
    return project


def test_everything_named_stays(added):
    outcome = plan(added)
    assert outcome.data.collected == ()
    assert outcome.next == ()
    assert [(one.what, one.files) for one in outcome.data.kept] == [("dataset versions", 4)]


def test_the_plan_changes_nothing_and_says_how_to_carry_it_out(added):
    stray = put(added, "stray")
    outcome = plan(added)
    assert [(one.what, one.files, one.bytes) for one in outcome.data.collected] == [("data", 1, 5)]
    assert outcome.data.collected[0].paths == (f"files/md5/{stray[:2]}/{stray[2:]}",)
    assert (outcome.data.act, outcome.data.changed, outcome.next) == ("plan", False, ("mlctl gc --yes",))
    assert not gone(added, stray)
    assert collect(added, dry_run=True).changed is False
    assert not gone(added, stray)


def test_what_nothing_names_goes_to_the_trash_and_comes_back(added):
    stray = put(added, "stray")
    assert collect(added).changed
    assert gone(added, stray)
    assert clean(added)
    assert collect(added).changed is False
    back = gc(added.session(), GcRequest(restore=True)).data
    assert back.changed
    assert back.trash == ()
    assert DvcCache(added.root / ".mlctl/cache").read(stray) == b"stray"
    with pytest.raises(NotFound, match="trash is empty"):
        gc(added.session(), GcRequest(restore=True))


def test_what_is_young_stays(added):
    stray = put(added, "stray")
    data = gc(added.session(), GcRequest(yes=True)).data
    assert data.collected == ()
    assert data.young.files == 1
    assert not gone(added, stray)


def test_the_trash_is_emptied_of_what_is_old_enough_only(added):
    put(added, "stray")
    collect(added)
    assert gc(added.session(), GcRequest(empty=True, yes=True)).data.collected == ()
    planned = gc(added.session(), GcRequest(empty=True, grace="1s"))
    assert (planned.data.changed, planned.data.collected[0].files) == (False, 1)
    assert planned.next == ("mlctl gc --empty --grace 1s --yes",)
    assert gc(added.session(), GcRequest(empty=True, grace="1s", yes=True)).data.changed
    assert list((added.root / ".mlctl/cache").rglob("trash")) == []


def test_an_undone_version_stays(added):
    added.write("data/rides.csv", "id,day,rides\n1,2026-01-01,3\n")
    data_add(added.session(), DataAddRequest())
    undo(added.session(), UndoRequest())
    Place(added.root).git("checkout", "--quiet", "--", ".")
    assert plan(added).data.collected == ()


def only_git_knows(project, text, path="loose.bin"):
    """A pointer to bytes that have no dataset version."""
    md5 = put(project, text)
    write_pointer(project.root / f"{path}.dvc", Pointer(path=path, md5=md5, size=len(text)))
    return md5


def test_what_a_pointer_in_the_work_tree_names_stays(added):
    md5 = only_git_knows(added, "loose")
    assert plan(added).data.collected == ()
    (added.root / "loose.bin.dvc").unlink()
    collect(added)
    assert gone(added, md5)


@pytest.mark.parametrize(
    "commands",
    [
        [("commit", "-qm", "x"), ("rm", "-q", "loose.bin.dvc"), ("commit", "-qm", "away")],
        [("checkout", "-qb", "side"), ("commit", "-qm", "x"), ("checkout", "-q", "-")],
        [
            ("commit", "-qm", "x"),
            ("tag", "t"),
            ("reset", "-q", "--hard", "HEAD~1"),
            ("reflog", "expire", "--expire=now", "--all"),
        ],
        [("commit", "-qm", "x"), ("reset", "-q", "--hard", "HEAD~1")],
        [("stash", "-q")],
        [("stash", "-q"), ("stash", "store", "-qm", "again", "stash@{0}")],
        [("checkout", "-q", "--detach"), ("commit", "-qm", "x"), ("checkout", "-q", "-")],
    ],
    ids=[
        "an-old-commit",
        "another-branch",
        "a-tag",
        "the-reflog",
        "a-stash",
        "an-older-stash",
        "a-detached-head",
    ],
)
def test_what_only_git_remembers_stays(added, commands):
    md5 = only_git_knows(added, "loose")
    place = Place(added.root)
    place.git("add", "loose.bin.dvc")
    for command in commands:
        place.git(*command)
    (added.root / "loose.bin.dvc").unlink(missing_ok=True)
    place.git("reset", "-q")
    collect(added)
    assert not gone(added, md5)


def test_what_only_the_index_names_stays(added):
    md5 = only_git_knows(added, "loose")
    Place(added.root).git("add", "loose.bin.dvc")
    (added.root / "loose.bin.dvc").unlink()
    collect(added)
    assert not gone(added, md5)


def test_what_another_work_tree_names_stays(added):
    place = Place(added.root)
    place.git("worktree", "add", "-q", "--detach", str(added.root.parent / "other"))
    md5 = only_git_knows(added, "loose")
    shutil.move(added.root / "loose.bin.dvc", added.root.parent / "other" / "loose.bin.dvc")
    collect(added)
    assert not gone(added, md5)
    (added.root.parent / "other" / "loose.bin.dvc").unlink()
    collect(added)
    assert gone(added, md5)


def test_folders_that_only_git_names_stay_with_all_their_files(added):
    place = Place(added.root)
    added.write("pics/one.txt", "1")
    added.write("pics/two.txt", "2")
    place.dvc("add", "--quiet", "pics")
    place.commit("by dvc")
    place.git("rm", "-q", "pics.dvc")
    place.commit("away")
    collect(added)
    place.git("checkout", "-q", "HEAD~1", "--", "pics.dvc")
    shutil.rmtree(added.root / "pics")
    place.dvc("checkout", "--quiet", "pics")
    assert (added.root / "pics/two.txt").read_text() == "2"


def test_a_listing_that_is_not_here_stops_the_collection(added):
    pointer = Pointer(path="far", md5="0" * 31 + "1.dir", size=1, nfiles=1)
    write_pointer(added.root / "far.dvc", pointer)
    stray = put(added, "stray")
    with pytest.raises(Missing, match="listings"):
        collect(added)
    assert not gone(added, stray)
    collect(added, allow_missing=True)
    assert gone(added, stray)


def test_objects_and_facts_that_nothing_names_go_and_come_back(added):
    repository = added.session().repository
    version = repository.facts.where(DatasetVersion, name="rides")[0][1]
    loose = repository.facts.add(
        msgspec.structs.replace(version, name="loose", profile=repository.objects.put(b"{}\n"))
    )
    data = collect(added)
    assert [(one.what, one.files) for one in data.collected] == [("objects", 1), ("facts", 1)]
    assert not repository.layout.fact("datasets", loose).exists()
    assert clean(added)
    gc(added.session(), GcRequest(restore=True))
    assert repository.layout.fact("datasets", loose).exists()
    assert clean(added)


def test_a_lease_that_is_renewed_while_it_is_collected_holds(added, monkeypatch):
    """A writer finds its bytes stored and is about to name them; the collector looked a moment before."""
    repository = added.session().repository
    digest = repository.objects.put(b"about to be named\n")
    path = repository.layout.object(digest)
    rename = Path.rename

    def late(self, target):
        if self == path:
            assert repository.objects.put(b"about to be named\n") == digest
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", late)
    data = collect(added)
    assert data.collected == ()
    assert path.exists()


def test_a_cache_of_other_projects_needs_their_names(added, tmp_path):
    place = Place(added.root)
    place.dvc("cache", "dir", str(tmp_path / "shared"))
    shutil.move(added.root / ".mlctl/cache/files", tmp_path / "shared/files")
    other = Place(tmp_path / "other")
    other.folder.mkdir()
    other.git("init", "-q", ".")
    other.dvc("init", "--quiet")
    other.dvc("cache", "dir", str(tmp_path / "shared"))
    (other.folder / "theirs.bin").write_bytes(b"theirs")
    other.dvc("add", "--quiet", "theirs.bin")
    with pytest.raises(UsageError, match="outside this project"):
        collect(added)
    data = collect(added, projects=(".", str(other.folder)))
    assert data.collected == ()
    data = collect(added, projects=(".",))
    assert [one.files for one in data.collected] == [1]
    gc(added.session(), GcRequest(restore=True))
    (other.folder / "theirs.bin").unlink()
    other.dvc("checkout", "--quiet")
    assert (other.folder / "theirs.bin").read_bytes() == b"theirs"


def test_a_project_with_another_cache_is_refused(added, tmp_path):
    (tmp_path / "other").mkdir()
    with pytest.raises(UsageError, match="does not use the cache"):
        collect(added, projects=(str(tmp_path / "other"),))


def test_a_damaged_manifest_stops_the_collection(added):
    stray = put(added, "stray")
    repository = added.session().repository
    version = next(v for _d, v in repository.facts.all(DatasetVersion) if v.name == "img")
    path = repository.layout.object(version.sha256)
    path.chmod(0o644)
    path.write_bytes(b"[]\n")
    with pytest.raises(Corrupt):
        collect(added)
    assert not gone(added, stray)


def test_two_acts_at_once_are_refused(added):
    with pytest.raises(UsageError, match="different acts"):
        gc(added.session(), GcRequest(restore=True, empty=True))
    with pytest.raises(UsageError, match="duration"):
        gc(added.session(), GcRequest(older_than="soon"))


def test_every_kind_of_thing_that_a_life_leaves_is_needed(tmp_path):
    """Runs, models, evaluations, labels, sealed and open predictions, reports, a log beyond a checkpoint."""
    session = full.session(tmp_path)
    full.life(session)
    repository = full.fill(tmp_path / "filled")
    whole = Session(repository, actor=full.ACTOR, command="mlctl gc", clock=session.clock)
    (repository.root / ".dvc").mkdir()
    (repository.root / ".dvc" / "config").write_text("[cache]\n    dir = ../.mlctl/cache\n")
    for one in (session, whole):
        assert gc(one, GcRequest(**NOW)).data.collected == ()


def test_what_waits_for_publication_is_needed(added, tmp_path):
    place = Place(added.root)
    place.mlctl("remote", "add", "team", str(tmp_path / "team"))
    place.mlctl("push")
    added.write("img/c.txt", "pending")
    assert place.mlctl("data", "add", "img")["data"]["added"] == ["img@2"]
    assert any((added.root / ".mlctl/pending").iterdir())
    place.git("checkout", "--quiet", "--", "img.dvc")
    place.git("reflog", "expire", "--expire=now", "--all")
    assert plan(added).data.collected == ()
    place.mlctl("undo")
    assert plan(added).data.collected == ()


def test_without_git_nothing_is_taken_for_unneeded(added, monkeypatch):
    stray = put(added, "stray")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NotInstalled, match="history"):
        collect(added)
    assert not gone(added, stray)


def test_a_repository_that_git_cannot_read_is_not_taken_for_none(added):
    stray = put(added, "stray")
    (added.root / ".git" / "HEAD").write_text("nonsense\n")
    with pytest.raises(Corrupt, match="git"):
        collect(added)
    assert not gone(added, stray)


def test_a_project_behind_a_symbolic_link_is_collected_under_its_one_lock(added, tmp_path, monkeypatch):
    stray = put(added, "stray")
    link = tmp_path / "link"
    link.symlink_to(added.root)
    monkeypatch.chdir(link)
    behind = Session(Repository(link), actor=full.ACTOR, command="mlctl gc", clock=added.session().clock)
    assert gc(behind, GcRequest(yes=True, **NOW)).data.changed
    assert gone(added, stray)
