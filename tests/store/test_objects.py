"""Objects are named by their bytes, whole or absent, and verified whenever they are read."""

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlctl.domain.errors import Corrupt, DiskFull, InvalidName, Missing
from mlctl.domain.records import digest_of
from mlctl.store.repository import Repository

SHARED = [HealthCheck.function_scoped_fixture]


def damage(repository, digest):
    path = repository.layout.object(digest)
    path.chmod(0o644)
    path.write_bytes(b"other")
    return path


@settings(deadline=None, max_examples=50, suppress_health_check=SHARED)
@given(st.binary(max_size=3000))
def test_what_was_put_is_read_back_from_bytes_and_from_a_file(repository, data):
    source = repository.root / "source"
    source.write_bytes(data)
    digest = repository.objects.put(data)
    assert digest == digest_of(data)
    assert repository.objects.put_file(source) == (digest, len(data))
    assert repository.objects.read(digest) == data
    assert repository.objects.path(digest).read_bytes() == data
    assert repository.layout.object(digest).stat().st_mode & 0o777 == 0o444


def test_an_object_that_is_not_there_is_missing_and_a_damaged_one_is_corrupt(repository):
    with pytest.raises(Missing):
        repository.objects.read("0" * 64)
    digest = repository.objects.put(b"whole")
    path = damage(repository, digest)
    for read in (repository.objects.read, repository.objects.path):
        with pytest.raises(Corrupt, match=str(path)):
            read(digest)


def test_adding_the_same_bytes_again_heals_a_damaged_object(repository):
    digest = repository.objects.put(b"whole")
    damage(repository, digest)
    repository.objects.put(b"whole")
    assert repository.objects.read(digest) == b"whole"


def test_a_digest_that_leads_elsewhere_is_refused(repository):
    with pytest.raises(InvalidName):
        repository.objects.read("../../config.toml")


def test_a_folder_holds_verified_files_under_their_names_and_is_gone_afterwards(repository):
    files = {"model.skops": repository.objects.put(b"m"), "parts/a.bin": repository.objects.put(b"a")}
    with repository.objects.folder(files) as folder:
        assert (folder / "model.skops").read_bytes() == b"m"
        assert (folder / "parts" / "a.bin").read_bytes() == b"a"
    assert not folder.exists()


@pytest.mark.parametrize("name", ["../out", "/etc/passwd", "a/../../out", ""])
def test_a_file_name_never_leads_out_of_its_folder(repository, name):
    digest = repository.objects.put(b"m")
    with pytest.raises(InvalidName), repository.objects.folder({name: digest}):
        pass


def test_a_damaged_file_is_never_in_a_folder(repository):
    digest = repository.objects.put(b"m")
    damage(repository, digest)
    with pytest.raises(Corrupt), repository.objects.folder({"m": digest}):
        pass
    assert list(repository.layout.tmp.iterdir()) == []


def test_a_full_disk_leaves_nothing_behind(repository, monkeypatch):
    def full(_descriptor, _data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mlctl.store.files.os.write", full)
    with pytest.raises(DiskFull, match="no space left"):
        repository.objects.put(b"data")
    monkeypatch.undo()
    assert not repository.objects.has(digest_of(b"data"))
    assert list(repository.layout.tmp.iterdir()) == []


def test_many_processes_may_add_the_same_objects_at_once(repository):
    script = (
        "import sys; from pathlib import Path; from mlctl.store.repository import Repository\n"
        "objects = Repository.find(Path(sys.argv[1])).objects; sys.stdin.readline()\n"
        "for n in range(200): objects.put(b'%d' % n * 50)\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(repository.root)], stdin=subprocess.PIPE)
        for _ in range(4)
    ]
    for writer in writers:
        writer.communicate(b"go\n", timeout=60)
    assert [writer.returncode for writer in writers] == [0] * 4
    for number in range(200):
        assert repository.objects.read(digest_of(b"%d" % number * 50))
    assert list(repository.layout.tmp.iterdir()) == []


def test_a_sweeper_never_takes_a_file_from_a_living_writer(repository):
    with repository.files.aside() as aside:
        aside.write(b"half")
        assert Repository.find(repository.root).files.sweep() == []
        aside.write(b" and half")
        repository.files.move(aside, repository.layout.store / "done")
    assert (repository.layout.store / "done").read_bytes() == b"half and half"


def test_what_a_killed_writer_left_is_swept(repository):
    script = (
        "import os, signal, sys; from pathlib import Path; from mlctl.store.repository import Repository\n"
        "with Repository.find(Path(sys.argv[1])).files.aside() as aside:\n"
        "    aside.write(b'half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(repository.root)], check=False).returncode == -9
    (left,) = repository.layout.tmp.iterdir()
    assert repository.files.sweep() == [left]
    assert list(repository.layout.tmp.iterdir()) == []
