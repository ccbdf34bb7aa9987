"""A folder looked at again and again is what a first look would say, and what did not change is not read."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlctl.domain import manifest as law
from mlctl.domain.errors import NotFound
from mlctl.domain.progress import silent
from mlctl.store.files import Files
from mlctl.store.layout import Layout
from mlctl.store.manifests import Manifests
from mlctl.store.objects import Objects
from mlctl.store.stat_cache import StatCache
from mlctl.workspace import bring_back, hashing, intake_pool, survey
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import DvcSettings
from mlctl.workspace.snapshot import snapshot

SHARED = [HealthCheck.function_scoped_fixture]
NAMES = st.sampled_from(["a", "a-b", "a.b", "a0", "b", "\u00e9", "c/a", "c/b", "c-d/e", "c.d", "c/d/e", "z"])
STEPS = st.lists(st.tuples(st.sampled_from(["write", "write", "remove", "lose"]), NAMES), max_size=12)


@pytest.fixture
def small(monkeypatch):
    """Chunks of a few files, and stamps that are trusted at once: what is written here differs in size."""
    monkeypatch.setattr(law, "_SHIFT", 30)
    for module in (law, survey, bring_back):
        monkeypatch.setattr(module, "FULL", 5)
    monkeypatch.setattr(hashing, "SETTLED", -1)


class Opened:
    """The names of the files that this process opens, as the interpreter tells of them."""

    def __init__(self) -> None:
        self.names: list[str] | None = None
        sys.addaudithook(self.hear)

    def hear(self, event, arguments):
        if event == "open" and self.names is not None:
            self.names.append(str(arguments[0]))

    def during(self, act):
        self.names = []
        try:
            return act(), [name for name in self.names if name.isdigit()]
        finally:
            self.names = None


OPENED = Opened()


def md5(data):
    return hashlib.md5(data).hexdigest()  # noqa: S324 - DVC's name for bytes, no secret


def dvc_name(folder: Path) -> str:
    items = [
        {"md5": md5(path.read_bytes()), "relpath": path.relative_to(folder).as_posix()}
        for path in folder.rglob("*")
        if path.is_file()
    ]
    return md5(json.dumps(sorted(items, key=lambda item: item["relpath"])).encode()) + ".dir"


def filled(root, count, size=1):
    (root / "d").mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (root / f"d/{number:04}").write_bytes(b"%04d" % number * size)


@pytest.mark.usefixtures("small")
@settings(deadline=None, max_examples=40, suppress_health_check=SHARED)
@given(STEPS)
def test_after_any_changes_a_remembered_look_is_a_first_look(tmp_path_factory, steps):
    root = tmp_path_factory.mktemp("laws")
    folder = root / "d"
    folder.mkdir()
    memory, cache = StatCache(root / "index/stat.sqlite"), DvcCache(root / "cache")
    layout = Layout(root / ".mlctl")
    manifests = Manifests(Objects(layout, Files(layout.tmp)))
    for number, (act, name) in enumerate(steps, 1):
        target = folder / name
        if act == "write" and not target.is_dir() and not any(up.is_file() for up in target.parents):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(b"x" * number)
        elif act == "remove":
            target.unlink(missing_ok=True) if not target.is_dir() else None
        elif act == "lose" and target.is_file():
            cache.path(md5(target.read_bytes())).unlink(missing_ok=True)
        if not any(path.is_file() for path in folder.rglob("*")):
            continue
        looked = snapshot(root, "d", memory=memory)
        taken = snapshot(root, "d", memory=memory, cache=cache)
        fresh = snapshot(root, "d", memory=StatCache(None))
        assert looked.md5 == taken.md5 == fresh.md5 == dvc_name(folder)
        assert taken.files == fresh.files
        assert (taken.bytes, taken.nfiles) == (fresh.bytes, fresh.nfiles)
        assert manifests.join(manifests.put(*chunk) for chunk in taken.chunks()) == manifests.write(
            taken.files
        )
        assert [name for _, name in cache.listing(taken.md5)] == [entry.md5 for entry in taken.files]
        assert all(cache.read(entry.md5) for entry in taken.files)


@pytest.mark.usefixtures("small")
def test_what_did_not_change_is_not_opened(tmp_path):
    filled(tmp_path, 60)
    memory, cache = StatCache(tmp_path / "index/stat.sqlite"), DvcCache(tmp_path / "cache")
    first, opened = OPENED.during(lambda: snapshot(tmp_path, "d", memory=memory, cache=cache))
    assert len(opened) == 60
    again, opened = OPENED.during(lambda: snapshot(tmp_path, "d", memory=memory, cache=cache))
    assert (again.md5, opened) == (first.md5, [])
    (tmp_path / "d/0007").write_bytes(b"longer than before")
    _, opened = OPENED.during(lambda: snapshot(tmp_path, "d", memory=memory))
    assert opened == ["0007"]
    _, opened = OPENED.during(lambda: snapshot(tmp_path, "d", memory=memory, cache=cache))
    assert opened == ["0007"]  # known, but not in the cache yet
    assert cache.has(md5(b"longer than before"))


@pytest.mark.usefixtures("small")
def test_an_object_that_vanished_is_taken_again_even_where_its_folder_was_trusted(tmp_path):
    filled(tmp_path, 40)
    memory, cache = StatCache(tmp_path / "index/stat.sqlite"), DvcCache(tmp_path / "cache")
    for _ in range(3):  # the second look finds all, so that the third may trust the folders
        seen = snapshot(tmp_path, "d", memory=memory, cache=cache)
    assert memory.trusted("d", str(cache.folder))
    for name in (seen.files[3].md5, seen.files[30].md5, seen.md5):
        cache.path(name).unlink()
    assert snapshot(tmp_path, "d", memory=memory).md5 == seen.md5
    assert snapshot(tmp_path, "d", memory=memory, cache=cache).md5 == seen.md5
    assert all(cache.has(name) for name in [seen.md5, *(entry.md5 for entry in seen.files)])


@pytest.mark.usefixtures("small")
def test_a_whole_cache_folder_that_vanished_is_noticed(tmp_path):
    filled(tmp_path, 40)
    memory, cache = StatCache(tmp_path / "index/stat.sqlite"), DvcCache(tmp_path / "cache")
    for _ in range(3):
        seen = snapshot(tmp_path, "d", memory=memory, cache=cache)
    first = seen.files[0].md5
    (tmp_path / "d/new").write_bytes(b"a folder of its own")
    new = md5(b"a folder of its own")
    assert not cache.path(new).parent.exists()
    snapshot(tmp_path, "d", memory=memory, cache=cache)
    for name in (first, new):
        folder = cache.path(name).parent
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        again = snapshot(tmp_path, "d", memory=memory, cache=cache)
        assert all(cache.has(entry.md5) for entry in again.files)


@pytest.mark.usefixtures("small")
def test_where_nothing_can_be_remembered_the_answer_is_the_same(tmp_path):
    filled(tmp_path, 30)
    (tmp_path / "index").write_text("a file where the folder should be")
    seen = snapshot(tmp_path, "d", memory=StatCache(tmp_path / "index/stat.sqlite"))
    assert seen.md5 == dvc_name(tmp_path / "d")
    assert len(seen.files) == 30


def test_many_files_are_read_by_workers_and_the_answer_is_the_same(tmp_path):
    filled(tmp_path, intake_pool._FEW + 300)
    cache = DvcCache(tmp_path / "cache")
    seen, opened = OPENED.during(
        lambda: snapshot(tmp_path, "d", memory=StatCache(tmp_path / "index/x"), cache=cache)
    )
    assert seen.md5 == dvc_name(tmp_path / "d")
    assert opened == []
    assert all(cache.has(entry.md5) for entry in seen.files)
    assert list((tmp_path / "cache/tmp").iterdir()) == []


def test_a_file_that_goes_away_while_many_are_read_is_told(tmp_path):
    filled(tmp_path, intake_pool._FEW + 300)
    (tmp_path / "d/0890").unlink()
    (tmp_path / "d/0890").symlink_to(tmp_path / "cache/files/md5/aa/b")
    target = tmp_path / "cache/files/md5/aa/b"
    target.parent.mkdir(parents=True)
    target.write_text("x")

    def remove(event):
        del event
        target.unlink(missing_ok=True)

    target.unlink()
    with pytest.raises(NotFound):
        snapshot(tmp_path, "d", memory=StatCache(None), cache=DvcCache(tmp_path / "cache"), report=remove)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("count", [20, intake_pool._FEW + 100])
def test_what_was_brought_back_is_known_without_opening_it(tmp_path, count):
    filled(tmp_path, count)
    memory, cache = StatCache(tmp_path / "index/stat.sqlite"), DvcCache(tmp_path / "cache")
    seen = snapshot(tmp_path, "d", memory=memory, cache=cache)
    before = {path.name: path.read_bytes() for path in (tmp_path / "d").iterdir()}
    for path in (tmp_path / "d").iterdir():
        path.unlink()
    wanted = [(entry.md5, f"d/{entry.path}", None, entry.sha256) for entry in seen.files]
    for whole in (("d", seen.md5), None):
        bring_back.bring_back(
            tmp_path,
            wanted,
            DvcSettings(cache=cache.folder),
            count=len(wanted),
            memory=memory,
            whole=whole,
            step="restore d",
            report=silent,
        )
        assert {path.name: path.read_bytes() for path in (tmp_path / "d").iterdir()} == before
        again, opened = OPENED.during(lambda: snapshot(tmp_path, "d", memory=memory))
        assert again.md5 == seen.md5
        assert opened == []


MEASURED = """
import resource, sys
from pathlib import Path
from mlctl.store.stat_cache import StatCache
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.snapshot import snapshot
root = Path(sys.argv[1])
snapshot(root, "d", memory=StatCache(root / "index"), cache=DvcCache(root / "cache"))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_number_of_files(tmp_path):
    peaks = []
    for count in (1000, 20_000):
        root = tmp_path / str(count)
        (root / "d").mkdir(parents=True)
        for number in range(count):
            os.close(os.open(root / f"d/{number:08}", os.O_CREAT | os.O_WRONLY))
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, str(root)],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        peaks.append(int(done.stdout))
    assert peaks[1] - peaks[0] < 25_000, peaks  # KiB: what is under way at once, however many follow
