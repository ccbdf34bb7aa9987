"""The real code under random schedules of other repositories, failures, late puts, deaths and copies."""

import os
import tempfile
from pathlib import Path

import pytest

from tests.sharing.world import Reality, dying

SCHEDULES = 2000 if os.environ.get("MLCTL_SOAK") else 6
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of random name is made in it


@pytest.fixture
def scratch():
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder)


@pytest.mark.parametrize("seed", range(SCHEDULES))
def test_nothing_is_lost_published_twice_or_dangling(seed, scratch, monkeypatch):
    world = Reality(seed, scratch)
    link, rename = dying(world, 0.004)
    with monkeypatch.context() as patched:
        patched.setattr(os, "link", link)
        patched.setattr(Path, "rename", rename)
        world.run(40)
