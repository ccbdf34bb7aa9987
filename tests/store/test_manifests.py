"""A manifest lists a folder's files; two versions share what did not change, and little is read to use it."""

import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlctl.domain import manifest as law
from mlctl.domain.dataset import DatasetVersion, FileEntry
from mlctl.domain.decision import Change, Draft
from mlctl.domain.errors import Corrupt, Missing, Untrusted
from mlctl.domain.records import encode
from mlctl.store.repository import Repository
from mlctl.store.verify import verify

SHARED = [HealthCheck.function_scoped_fixture]
LETTERS = st.characters(codec="utf-8", exclude_characters="\n\r\0/")
NAMES = st.text(LETTERS, min_size=1, max_size=6).filter(lambda name: name not in {".", ".."})
FOLDERS = st.dictionaries(
    st.lists(NAMES, min_size=1, max_size=3).map("/".join), st.integers(0, 3), max_size=40
)


@pytest.fixture
def small(monkeypatch):
    """Chunks of four files on average, so that small folders have several."""
    monkeypatch.setattr(law, "_SHIFT", 30)
    monkeypatch.setattr(law, "FULL", 12)


def entry(path: str, content: int = 0) -> FileEntry:
    data = f"{content}".encode()
    return FileEntry(
        path=path,
        size=len(data),
        md5=hashlib.md5(data, usedforsecurity=False).hexdigest(),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def entries(folder: dict[str, int]) -> list[FileEntry]:
    return [entry(path, folder[path]) for path in sorted(folder)]


@pytest.mark.usefixtures("small")
@settings(deadline=None, max_examples=60, suppress_health_check=SHARED)
@given(FOLDERS)
def test_what_was_written_is_read_back_whole_and_by_folder(repository, folder):
    manifests, wrote = repository.manifests, entries(folder)
    digest = manifests.write(wrote)
    assert list(manifests.entries(digest)) == wrote
    assert manifests.write(iter(wrote)) == digest
    for path in folder:
        under = path[: path.find("/") + 1]
        assert list(manifests.entries(digest, under)) == [one for one in wrote if one.path.startswith(under)]
        assert entry(path, folder[path]) in manifests.entries(digest, path)
    assert all(repository.objects.has(one) for one in manifests.objects(digest))


@pytest.mark.usefixtures("small")
@settings(deadline=None, max_examples=60, suppress_health_check=SHARED)
@given(FOLDERS, FOLDERS)
def test_changes_are_what_a_comparison_of_everything_says(repository, one, other):
    both = {**one, **dict(list(other.items())[: len(other) // 2])}
    old, new = repository.manifests.write(entries(one)), repository.manifests.write(entries(both))
    expected = [
        (entry(path, one[path]) if path in one else None, entry(path, both[path]) if path in both else None)
        for path in sorted({*one, *both})
        if one.get(path) != both.get(path)
    ]
    assert list(repository.manifests.changes(old, new)) == expected
    assert list(repository.manifests.changes(new, old)) == [(b, a) for a, b in expected]
    assert list(repository.manifests.changes(None, old)) == [(None, e) for e in entries(one)]


@settings(deadline=None, max_examples=60)
@given(FOLDERS)
def test_where_chunks_begin_does_not_depend_on_other_files_unless_one_is_full(folder):
    known = entries(folder)
    chunks = list(law.chunked(known))
    assert [one for chunk in chunks for one in chunk] == known
    assert all(law.begins_chunk(chunk[0].path) for chunk in chunks[1:])


def test_a_change_of_one_file_writes_its_chunk_and_the_root(repository):
    folder = {f"{number % 7}/{number:06}.txt": 0 for number in range(20_000)}
    old = repository.manifests.write(entries(folder))
    assert 5 < len(list(repository.manifests.objects(old))) < 20
    before = set(repository.layout.objects.glob("??/*"))
    new = repository.manifests.write(entries({**folder, "3/010000.txt": 1}))
    written = set(repository.layout.objects.glob("??/*")) - before
    assert len(written) == 2
    assert len(set(repository.manifests.objects(new)) - set(repository.manifests.objects(old))) == 2
    assert [after.path for _, after in repository.manifests.changes(old, new)] == ["3/010000.txt"]


def test_a_subfolder_is_read_without_the_chunks_of_others(repository):
    digest = repository.manifests.write(entries({f"{n // 5000}/{n:06}": 0 for n in range(20_000)}))
    root, *chunks = repository.manifests.objects(digest)
    first, last = chunks[0], chunks[-1]
    repository.layout.object(last).unlink()
    assert sum(1 for _ in repository.manifests.entries(root, "0/")) == 5000
    with pytest.raises(Missing):
        list(repository.manifests.entries(root, "3/"))
    path = repository.layout.object(first)
    path.chmod(0o644)
    path.write_bytes(b"[]\n")
    with pytest.raises(Corrupt):
        list(repository.manifests.entries(root, "0/"))


def test_the_form_before_chunks_is_one_chunk(repository):
    old = repository.objects.put(encode(tuple(entries({"a": 1, "b/c": 2}))))
    assert repository.manifests.write(entries({"a": 1, "b/c": 2})) == old
    assert list(repository.manifests.objects(old)) == [old]


@pytest.mark.usefixtures("small")
def test_a_folder_of_any_size_is_cut_where_it_is_full():
    paths = [path for path in map(str, range(1000, 9999)) if not law.begins_chunk(path)]
    assert [len(chunk) for chunk in law.chunked([entry(path) for path in paths])][:3] == [12, 12, 12]


def test_entries_out_of_order_are_refused(repository):
    for paths in (["b", "a"], ["a", "a"]):
        with pytest.raises(ValueError, match="comes after"):
            repository.manifests.write([entry(path) for path in paths])


def test_an_object_that_is_no_manifest_is_told(repository):
    for data in (b"{}", b"[1]", b"\xff"):
        with pytest.raises(Corrupt, match="no manifest"):
            list(repository.manifests.entries(repository.objects.put(data)))


def version_of(repository: Repository, folder: dict[str, int]) -> DatasetVersion:
    listed = entries(folder)
    return DatasetVersion(
        created_at="2026-11-01T12:00:00.000Z",
        name="pictures",
        path="pictures",
        shape="folder",
        md5="0" * 32 + ".dir",
        sha256=repository.manifests.write(listed),
        bytes=sum(one.size for one in listed),
        files=len(listed),
    )


def test_fsck_misses_a_chunk_and_a_decision_flushes_all_of_them(repository, move):
    version = version_of(repository, {f"{number:06}": 0 for number in range(20_000)})
    digest = repository.facts.add(version)
    root, *chunks = repository.manifests.objects(version.sha256)
    named = set(repository._named(_draft(digest)))
    assert {repository.layout.object(one) for one in (root, *chunks)} <= named
    move({"datasets/pictures/1": digest})
    missing = repository.layout.object(chunks[1])
    missing.unlink()
    (problem,) = [
        one for one in verify(repository, repository.layout.cache).problems if "objects" in one.path
    ]
    assert problem.path == str(missing.relative_to(repository.root))
    assert root in problem.what


def _draft(digest: str) -> Draft:
    return Draft(kind="data add", changes=(Change(name="datasets/pictures/1", old=None, new=digest),))


@pytest.mark.parametrize("path", ["../escape", "/etc/cron", "a/../../b", "a//b", "", "a\0b"])
def test_a_path_that_leads_out_of_the_folder_is_not_read(repository, path):
    made = repository.objects.put(encode((entry("a/fine"), entry(path))))
    with pytest.raises(Untrusted, match="no folder can hold"):
        list(repository.manifests.entries(made))
    with pytest.raises(Untrusted):
        list(repository.manifests.changes(None, made))


def test_a_name_that_is_no_md5_is_not_read(repository):
    odd = FileEntry(path="a", size=1, md5="../../x", sha256="")
    with pytest.raises(Untrusted, match="no md5"):
        list(repository.manifests.entries(repository.objects.put(encode((odd,)))))
