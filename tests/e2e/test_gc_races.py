"""Collecting while others add: what is about to be named is never taken away."""

import json
import shutil
import time

import pytest

from tests.e2e.dvc_both_ways import Place
from tests.e2e.projects import Terminal

pytestmark = pytest.mark.slow

ADDERS = 3
ROUNDS = 4
LOCKED = 12


def finished(program):
    out, err = program.communicate(timeout=120)
    assert "Traceback" not in err, err
    return program.returncode, json.loads(out)


def test_adders_that_meet_garbage_of_their_own_bytes_keep_it(tmp_path):
    """The first bytes lie in the cache as old garbage already when they are added, while gc collects it."""
    place = Place(tmp_path / "p")
    place.folder.mkdir()
    place.git("init", "--quiet", ".")
    place.mlctl("init")
    terminal = Terminal(place.folder)
    texts = {f"t{adder}.bin": [f"{adder} {turn}" for turn in range(ROUNDS)] for adder in range(ADDERS)}
    for name, text in texts.items():
        (place.folder / name).write_text(text[-1])
    place.mlctl(
        "data", "add", *texts
    )  # the bytes of the last round are in the cache; then nothing names them
    for name in texts:
        (place.folder / f"{name}.dvc").unlink()
    shutil.rmtree(place.folder / ".mlctl" / "decisions")
    shutil.rmtree(place.folder / ".mlctl" / "facts")
    shutil.rmtree(place.folder / ".mlctl" / "checkpoints")
    (place.folder / ".mlctl" / "format").unlink()
    place.mlctl("init")
    time.sleep(1.1)  # older than the lease of the collectors below
    for turn in reversed(range(ROUNDS)):
        for name, text in texts.items():
            (place.folder / name).write_text(text[turn])
        programs = [terminal.start("gc", "--yes", "--older-than", "1s", "--json")]
        programs += [terminal.start("data", "add", name, "--json") for name in texts]
        programs.append(terminal.start("gc", "--yes", "--older-than", "1s", "--json"))
        ends = [finished(program) for program in programs]
        assert {code for code, _document in ends} <= {0, LOCKED}, ends
        place.mlctl("data", "add", *texts)
        assert place.mlctl("fsck")["data"]["clean"]
    for name, text in texts.items():
        (place.folder / name).unlink()
        place.mlctl("data", "checkout", name.removesuffix(".bin"))
        assert (place.folder / name).read_text() == text[0]
