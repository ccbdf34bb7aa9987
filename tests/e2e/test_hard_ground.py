"""Disks that are full or read-only, files that change, names that others refuse: told, and nothing lost."""

import os
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from tests.e2e.dvc_both_ways import Place
from tests.e2e.projects import Terminal

pytestmark = pytest.mark.slow

MIB = 1 << 20


@contextmanager
def disk(folder, mib):
    """A disk of its own of this size; skips where the machine lets nobody mount one."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield lambda options: subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path / "made")
    made.folder.mkdir()
    made.git("init", "--quiet", ".")
    made.mlctl("init")
    write(made, "a.bin", b"first")
    made.mlctl("data", "add", "a.bin")
    return made


def write(place, path, data):
    file = place.folder / os.fsdecode(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def unharmed(place):
    """The repository is whole and what was there is there."""
    assert place.mlctl("fsck")["data"]["clean"]
    assert (place.folder / "a.bin").read_bytes() == b"first"


def test_a_full_disk_names_the_file_keeps_all_and_goes_on_once_there_is_room(tmp_path):
    with disk(tmp_path / "disk", 14) as remount:
        place = Place(tmp_path / "disk" / "p")
        place.folder.mkdir()
        place.git("init", "--quiet", ".")
        place.mlctl("init")
        write(place, "a.bin", b"first")
        place.mlctl("data", "add", "a.bin")
        write(place, "big.bin", os.urandom(8 * MIB))
        write(place, "many/one.bin", b"one")
        error = place.mlctl("data", "add", "many", "big.bin", expect=93)["error"]
        assert "big.bin" in error["message"] or ".mlctl/cache" in error["message"]
        assert error["hints"]
        assert not (place.folder / "big.bin.dvc").exists()
        left = [path for path in (place.folder / ".mlctl/cache").rglob("*") if path.is_file()]
        assert sum(path.stat().st_size for path in left) < MIB
        unharmed(place)
        remount("size=40m")
        place.mlctl("data", "add", "many", "big.bin")
        assert place.mlctl_is_clean()
        unharmed(place)


def test_a_full_disk_at_checkout_leaves_the_old_files(tmp_path):
    with disk(tmp_path / "disk", 30) as remount:
        place = Place(tmp_path / "disk" / "p")
        place.folder.mkdir()
        place.git("init", "--quiet", ".")
        place.mlctl("init")
        write(place, "a.bin", b"first")
        write(place, "d/big.bin", os.urandom(9 * MIB))
        place.mlctl("data", "add", "a.bin", "d")
        write(place, "d/big.bin", b"small")
        place.mlctl("data", "add", "d")
        filler = ["dd", "if=/dev/zero", f"of={place.folder / 'filler'}", "bs=64k"]
        assert subprocess.run(filler, capture_output=True, check=False).returncode != 0
        error = place.mlctl("data", "checkout", "d@1", expect=93)["error"]
        assert "big.bin" in error["message"] or "disk is full" in error["message"]
        assert (place.folder / "d/big.bin").read_bytes() == b"small"
        (place.folder / "filler").unlink()
        unharmed(place)
        remount("size=60m")
        place.mlctl("data", "checkout", "d@1")
        assert (place.folder / "d/big.bin").stat().st_size == 9 * MIB


def test_a_read_only_cache_serves_and_refuses(place, tmp_path):
    with disk(tmp_path / "disk", 20) as remount:
        place.dvc("cache", "dir", str(tmp_path / "disk" / "cache"))
        place.mlctl("data", "add", "a.bin")
        remount("ro")
        write(place, "b.bin", b"second")
        error = place.mlctl("data", "add", "b.bin", expect=94)["error"]
        assert str(tmp_path / "disk") in error["message"]
        assert not (place.folder / "b.bin.dvc").exists()
        (place.folder / "a.bin").unlink()
        place.mlctl("data", "checkout", "a")
        unharmed(place)
        remount("rw")
        place.mlctl("data", "add", "b.bin")
        assert place.mlctl_is_clean()


def test_a_file_that_changes_while_it_is_read_is_told_or_whole(place):
    file = place.folder / "log.bin"
    file.write_bytes(os.urandom(24 * MIB))
    stop = threading.Event()

    def change():
        with file.open("r+b") as handle:
            while not stop.is_set():
                handle.seek(0)
                handle.write(os.urandom(4096))
                handle.flush()

    changing = threading.Thread(target=change)
    changing.start()
    try:
        error = place.mlctl("data", "add", "log.bin", expect=32)["error"]
    finally:
        stop.set()
        changing.join()
    assert "log.bin" in error["message"]
    unharmed(place)
    assert place.mlctl("data", "add", "log.bin")["data"]["added"] == ["log@1"]
    assert place.mlctl_is_clean()


@pytest.mark.parametrize(
    ("name", "shown"),
    [(b"d/two\nlines", "two\\nlines"), (b"d/no-utf8-\xff", "no-utf8-"), (b"d/cr\rx", "cr\\rx")],
)
def test_names_that_no_pointer_holds_are_named(place, name, shown):
    write(place, name, b"odd")
    write(place, "d/plain", b"plain")
    error = place.mlctl("data", "add", "d", expect=22)["error"]
    assert shown in error["message"]
    assert not (place.folder / "d.dvc").exists()
    unharmed(place)


def test_a_name_beside_which_no_pointer_fits_is_told(place):
    write(place, "n" * 255, b"long")
    error = place.mlctl("data", "add", "n" * 255, expect=22)["error"]
    assert "nnn" in error["message"]
    unharmed(place)


def test_loops_of_symbolic_links_are_named(place):
    write(place, "d/x", b"x")
    (place.folder / "d/a").symlink_to("b")
    (place.folder / "d/b").symlink_to("a")
    assert "d/a" in place.mlctl("data", "add", "d", expect=2)["error"]["message"]
    (place.folder / "d/a").unlink()
    (place.folder / "d/b").unlink()
    (place.folder / "d/up").symlink_to("..")
    assert "d/up" in place.mlctl("data", "add", "d", expect=2)["error"]["message"]
    unharmed(place)


def test_hard_linked_files_are_versioned_and_stay_linked(place):
    write(place, "d/x", b"shared")
    os.link(place.folder / "d/x", place.folder / "d/y")
    os.link(place.folder / "d/x", place.folder / "outside")
    place.mlctl("data", "add", "d")
    assert place.dvc_is_clean()
    with (place.folder / "outside").open("ab") as file:
        file.write(b" and changed")
    assert not place.mlctl_is_clean()
    place.mlctl("data", "checkout", "d", "--force")
    assert (place.folder / "d/x").read_bytes() == b"shared"
    assert (place.folder / "outside").read_bytes() == b"shared and changed"
    unharmed(place)


def test_names_that_are_one_on_other_systems_are_told(place):
    for name in ("d/Cat.jpg", "d/cat.jpg", "d/e/\u00fc", "d/e/u\u0308", "d/E2/x", "d/e2/x"):
        write(place, name, name.encode())
    document = place.mlctl("data", "add", "d")
    told = [warning for warning in document["warnings"] if "one name to macOS" in warning]
    assert len(told) == 3
    assert any("'Cat.jpg' and 'cat.jpg'" in warning for warning in told)
    assert place.mlctl("data", "add", "d")["warnings"] == []


def test_two_processes_add_the_same_folder_and_others_at_once(place):
    for number in range(40):
        write(place, f"d/{number}", b"%d" % number)
        write(place, f"e/{number}", b"e%d" % number)
    terminal = Terminal(place.folder)
    programs = [terminal.start("data", "add", name, "--json") for name in ("d", "d", "e", "d", "e", "a.bin")]
    said = [program.communicate(timeout=120) for program in programs]
    assert [program.returncode for program in programs] == [0] * len(programs), said
    rows = {row["name"]: row["version"] for row in place.mlctl("data", "ls")["data"]["datasets"]}
    assert rows == {"a": 1, "d": 1, "e": 1}
    assert place.mlctl_is_clean()
    assert place.dvc_is_clean()
    unharmed(place)


def test_a_clock_that_went_back_hides_no_change(place):
    write(place, "b.bin", b"future")
    os.utime(place.folder / "b.bin", (4_000_000_000, 4_000_000_000))
    place.mlctl("data", "add", "b.bin")
    assert place.mlctl_is_clean()
    write(place, "b.bin", b"FUTURE")
    os.utime(place.folder / "b.bin", (4_000_000_000, 4_000_000_000))
    assert not place.mlctl_is_clean()
    assert place.mlctl("data", "add", "b.bin")["data"]["added"] == ["b@2"]
    assert place.mlctl("gc", "--yes")["data"]["collected"] == []
    unharmed(place)
