"""A repository with folders as datasets, written when manifests came in chunks, opened by today's program."""

import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.e2e.projects import Terminal
from tests.formats.make_v1b import CHUNKS, FOLDER, sum_of

ARCHIVE = Path(__file__).parent / "v1b" / "repository.tar.gz"
LARGEST = 100_000


@pytest.fixture(scope="module")
def terminal(tmp_path_factory):
    folder = tmp_path_factory.mktemp("v1b")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    subprocess.run(["git", "init", "-q", str(folder / "repository")], check=True)
    return Terminal(folder / "repository")


@pytest.fixture(scope="module")
def expected(terminal):
    return json.loads((terminal.folder / "expected.json").read_text(encoding="utf-8"))


def test_the_fixture_is_small_and_says_nothing_of_its_maker():
    assert ARCHIVE.stat().st_size < LARGEST
    with tarfile.open(ARCHIVE) as archive:
        assert {(member.uid, member.uname) for member in archive.getmembers()} == {(0, "")}


def test_every_byte_and_decision_verifies(terminal, expected):
    assert terminal.data("fsck")["clean"] is True
    assert [one["kind"] for one in terminal.data("log")["decisions"]] == expected["kinds"]


def test_its_manifests_are_in_chunks(terminal):
    roots = [
        json.loads(path.read_bytes())
        for path in (terminal.folder / ".mlctl" / "objects").glob("??/*")
        if path.read_bytes().startswith(b'{"bytes"')
    ]
    assert len(roots) == 2
    assert {len(root["chunks"]) for root in roots} == {CHUNKS + 1}


@pytest.mark.parametrize("version", ["1", "2"])
def test_every_version_is_restored_byte_for_byte(terminal, expected, version):
    shutil.rmtree(terminal.folder / FOLDER)
    terminal.data("data", "checkout", f"{FOLDER}@{version}")
    assert sum_of(terminal.folder / FOLDER) == expected["sums"][version]


def test_it_goes_on(terminal):
    terminal.data("data", "checkout", f"{FOLDER}@2")
    (terminal.folder / FOLDER / "new.txt").write_text("new", encoding="utf-8")
    assert terminal.data("data", "add", FOLDER)["added"] == [f"{FOLDER}@3"]
    assert terminal.data("gc", "--older-than", "0s")["collected"] == []
    assert terminal.data("fsck")["clean"] is True
