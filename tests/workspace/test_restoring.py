"""Restoring: whatever comes out of the cache is what its name says."""

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from mlctl.workspace.hashing import BESIDE, SMALL, stamp_of
from mlctl.workspace.restoring import DAMAGED, Restorer

SIZES = [0, 5, SMALL + 1, BESIDE + 3]


def md5(data):
    return hashlib.md5(data).hexdigest()  # noqa: S324 - DVC's name for bytes, no secret


@pytest.fixture
def root(tmp_path):
    (tmp_path / "project/aside").mkdir(parents=True)
    return tmp_path / "project"


def cached(tmp_path, data):
    path = tmp_path / "cache/files/md5" / md5(data)[:2] / md5(data)[2:]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(0o444)
    return path


def restorer(root, *links):
    return Restorer(str(root), str(root.parent / "cache"), "aside", links or ("reflink", "copy"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("link", ["copy", "hardlink", "symlink", "reflink"])
def test_a_file_has_the_object_s_bytes_hashes_and_its_own_stamp(tmp_path, root, link, size):
    data = (b"rides" * (size // 5 + 1))[:size]
    source = cached(tmp_path, data)
    (answer,) = restorer(root, link).do([(md5(data), "a/b/x")])
    target = root / "a/b/x"
    assert answer == (md5(data), hashlib.sha256(data).hexdigest(), size, stamp_of(target.stat()))
    assert target.read_bytes() == data
    assert list((root / "aside").iterdir()) == []
    linked = link in {"hardlink", "symlink"} and size > 0
    assert target.samefile(source) == linked
    assert target.is_symlink() == (linked and link == "symlink")
    assert bool(target.stat().st_mode & 0o200) != linked


@pytest.mark.parametrize("size", SIZES[1:])
@pytest.mark.parametrize("link", ["copy", "hardlink", "symlink"])
def test_an_object_with_other_bytes_is_never_served(tmp_path, root, link, size):
    data = (b"rides" * (size // 5 + 1))[:size]
    source = cached(tmp_path, data)
    (root / "x").write_text("mine")
    source.chmod(0o644)
    source.write_bytes(data[:-1] + b"#")
    source.chmod(0o444)
    (answer,) = restorer(root, link).do([(md5(data), "x")])
    assert (len(answer), answer[0]) == (3, DAMAGED)
    assert (root / "x").read_text() == "mine"
    assert list((root / "aside").iterdir()) == []


@pytest.mark.parametrize("link", ["copy", "hardlink", "symlink"])
def test_an_object_of_a_known_stamp_is_not_hashed_again_and_one_of_another_is(tmp_path, root, link):
    data = b"rides" * SMALL
    source = cached(tmp_path, data)
    name, wrong = md5(data), "not computed"
    known = (wrong, stamp_of(source.stat()))
    (answer,) = restorer(root, link).do([(name, "x", None, known)])
    assert answer[1] == wrong  # so nothing was hashed
    assert (root / "x").read_bytes() == data
    source.chmod(0o644)
    source.write_bytes(b"other" * SMALL)
    source.chmod(0o444)
    (answer,) = restorer(root, link).do([(name, "y", None, known)])
    assert answer[0] == DAMAGED
    source.chmod(0o644)  # the stamp is right, but who could write to it since?
    (answer,) = restorer(root, link).do([(name, "y", None, (wrong, stamp_of(source.stat())))])
    assert answer[0] == DAMAGED


def test_a_missing_object_is_told(tmp_path, root):
    cached(tmp_path, b"x")
    (answer,) = restorer(root).do([("0" * 32, "x")])
    assert len(answer) == 3
    assert not (root / "x").exists()


def test_a_hard_link_to_what_is_one_already_stays_one(tmp_path, root):
    source = cached(tmp_path, b"rides")
    for _ in range(2):
        restorer(root, "hardlink").do([(md5(b"rides"), "x")])
    assert (root / "x").samefile(source)
    assert list((root / "aside").iterdir()) == []


def test_another_disk_gets_copies(root, tmp_path):
    """Shared memory is a disk of its own on most machines; elsewhere this proves less."""
    source = cached(tmp_path, b"rides" * SMALL)
    here = Restorer(str(root), str(tmp_path / "cache"), "aside", ("hardlink", "copy"))
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own in there
    with TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as folder:
        (root / "link").symlink_to(folder)
        (answer,) = here.do([(md5(b"rides" * SMALL), "link/x")])
        assert len(answer) == 4
        assert (root / "link/x").read_bytes() == source.read_bytes()
        assert [path.name for path in (root / "link").iterdir()] == ["x"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("link", ["copy", "hardlink", "reflink"])
def test_an_object_with_the_md5_but_another_sha256_is_never_served(tmp_path, root, link, size):
    data = (b"rides" * (size // 5 + 1))[:size]
    cached(tmp_path, data)
    (root / "d").mkdir()
    here = restorer(root, link)
    other = hashlib.sha256(b"of the version").hexdigest()
    right = hashlib.sha256(data).hexdigest()
    first, second, third = here.do([(md5(data), f"d/{name}", None, (right, None)) for name in "abc"])
    assert (first[1], second[1], third[1]) == (right, right, right)
    (refused,) = here.do([(md5(data), "d/e", None, (other, None))])
    assert refused[0] == DAMAGED
    assert sorted(path.name for path in (root / "d").iterdir()) == ["a", "b", "c"]
    assert list((root / "aside").iterdir()) == []
