"""Writing files whole."""

import errno
import os
import signal
import subprocess
import sys
import time

import pytest

from mlctl.domain.errors import AlreadyExists, DiskFull, PermissionRefused
from mlctl.workspace.files import said, write_whole

KILLED_WHILE_WRITING = """
import os, signal, sys
from pathlib import Path
from mlctl.workspace import files
flush = os.fsync
def die(handle):
    flush(handle)
    os.kill(os.getpid(), signal.SIGKILL)
os.fsync = die
files.write_whole(Path(sys.argv[1]), b"new" * 1000)
"""


def test_the_new_bytes_replace_the_old_and_nothing_stays_aside(tmp_path):
    file = tmp_path / "x"
    write_whole(file, b"old")
    write_whole(file, b"new")
    assert file.read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_writer_that_is_killed_leaves_the_old_file(tmp_path):
    file = tmp_path / "x"
    write_whole(file, b"old")
    done = subprocess.run([sys.executable, "-c", KILLED_WHILE_WRITING, str(file)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert file.read_bytes() == b"old"


def test_what_a_killed_writer_left_is_swept_by_the_next_of_the_same_file(tmp_path):
    for name, age in ((".x.0a0a0a0a.tmp", 90), (".x.0b0b0b0b.tmp", 1), (".y.0c0c0c0c.tmp", 90)):
        (tmp_path / name).write_text("half")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    write_whole(tmp_path / "x", b"new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".x.0b0b0b0b.tmp", ".y.0c0c0c0c.tmp", "x"]


@pytest.mark.parametrize(
    ("number", "shape"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EROFS, PermissionRefused),
        (errno.ENOTDIR, AlreadyExists),
    ],
)
def test_the_system_s_refusals_are_told_in_words(number, shape):
    assert isinstance(said(OSError(number, "no", "file")), shape)


def test_other_errors_stay_what_they_are():
    error = OSError(errno.EIO, "no", "file")
    assert said(error) is error


def test_a_full_disk_s_hint_asks_for_the_disk_that_is_full(tmp_path):
    assert said(OSError(errno.ENOSPC, "no", str(tmp_path))).hints == (f"df -h {tmp_path}",)
    assert said(OSError(errno.ENOSPC, "no", str(tmp_path / "file"))).hints == (f"df -h {tmp_path}",)
