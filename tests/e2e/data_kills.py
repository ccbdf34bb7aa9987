"""`data add`, `data checkout` and `gc` killed: where they begin, and what must hold afterwards."""

import hashlib
import shutil
from pathlib import Path

from tests.e2e.killing import Folder, Kill, Scene, same, then

FILES = 620  # more than make the program start workers
STRAYS = 400


def images(folder: Path, files: int = FILES) -> None:
    """A folder of files, each of its own bytes."""
    for number in range(files):
        path = folder / "img" / f"{number % 7}" / f"{number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d\n" % number * (1 + number % 50))


def changed(folder: Path, files: int = FILES) -> None:
    """Some are changed, some moved, some new."""
    for number in range(0, files, 3):
        path = folder / "img" / f"{number % 7}" / f"{number}.bin"
        if number % 2:
            path.rename(path.with_name(f"moved-{number}.bin"))
        else:
            path.write_bytes(b"changed %d\n" % number)
    for number in range(files // 3):
        (folder / "img" / f"new-{number}.bin").write_bytes(b"new %d\n" % number)


def scene(work: Path, what: str) -> Scene:
    """What is killed: "add", "checkout" or "gc"."""
    one, two = states(work)
    if what == "add":
        return Scene(one.path, kill_add)
    return Scene(two.path, {"checkout": kill_checkout, "gc": kill_gc}[what])


def states(work: Path) -> tuple[Folder, Folder]:
    """A project whose folder has changed since it was added; one with both versions and stray data."""
    one = Folder(work / "one", work)
    one.path.mkdir(parents=True)
    images(one.path)
    (one.path / "a.bin").write_bytes(b"a")
    for argv in (("init",), ("data", "add", "img", "a.bin")):
        assert one.run(*argv) == 0, one.said()
    changed(one.path)
    shutil.copytree(one.path, work / "two")
    two = Folder(work / "two", work)
    assert two.run("data", "add", "img") == 0, two.said()
    for number in range(STRAYS):
        data = b"stray %d" % number
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        stray = two.path / ".mlctl/cache/files/md5" / md5[:2] / md5[2:]
        stray.parent.mkdir(exist_ok=True)
        stray.write_bytes(data)
    return one, two


def kill_add(folder: Folder, kill: Kill) -> list[str]:
    """Nothing that stands in the work tree or the cache changes; run again, it ends as without the kill."""
    before, cached = folder.data(), folder.cached()
    kill(("data", "add", "img"), folder)
    found = same(
        "the work tree", {name: before[name] for name in before if ".dvc" not in name}, folder.data()
    )
    found += same("the cache", cached, folder.cached())
    found += then(folder)
    return found + then(folder, ("data", "add", "img"), ("data", "status", "--check"))


def kill_checkout(folder: Folder, kill: Kill) -> list[str]:
    """Each file is the old one or the new one; both versions can be had afterwards."""
    new, cached = folder.data(), folder.cached()
    kill(("data", "checkout", "img@1"), folder)
    held = set(folder.cached().values())
    strange = [
        name
        for name, data in folder.data().items()
        if data not in held and new.get(name) != data and ".dvc" not in name
    ]
    found = [f"neither old nor new: {strange[:3]}"] if strange else []
    found += same("the cache", cached, folder.cached())
    found += then(folder)
    found += then(folder, ("data", "checkout", "img@1"), ("data", "checkout", "img@2"))
    return found + same("the work tree", new, folder.data())


def kill_gc(folder: Folder, kill: Kill) -> list[str]:
    """Every file is in the cache or in the trash; --restore brings all back."""
    before, cached = folder.data(), folder.cached()
    kill(("gc", "--yes", "--older-than", "0s"), folder)
    found = same("cache and trash", cached, folder.cached()) + same("the work tree", before, folder.data())
    found += then(folder)
    if (folder.path / ".mlctl/cache/trash").exists():
        kill(("gc", "--restore"), folder)
        folder.run("gc", "--restore")
    found += same("the cache after --restore", cached, folder.cached())
    if (folder.path / ".mlctl/cache/trash").exists():
        found.append("there is something in the trash after --restore")
    return found + then(folder, ("gc", "--yes", "--older-than", "0s"))
