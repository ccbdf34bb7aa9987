"""`push` and `pull` killed, over a folder or an S3 server: where they begin, and what must hold afterwards.

A state is two repositories of one project, `p` and `two`, and the remote that they share. `p` has a second
version of a folder; for `pull` it has been pushed, and `two` has its pointer, as git would have brought it.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.e2e.data_kills import FILES, changed, images
from tests.e2e.killing import Bytes, Folder, Kill, Scene, below, same, then
from tests.remote_servers import make_bucket, s3_options

FEW = 40  # for a server that takes milliseconds for each request
SERVE = """
import sys
from tests.remote_servers import s3_server
with s3_server() as endpoint:
    print(endpoint, flush=True)
    sys.stdin.read()
"""


class Shared:
    """A folder as the remote; it lies beside the repositories and is copied with them."""

    url = "../remote"
    options: tuple[str, ...] = ()
    files = FILES

    def contents(self, world: Path) -> Bytes:
        """Every key and its bytes."""
        return below(world / "remote", without=("+tmp/",))

    def marks(self) -> object:
        """Nothing that does not lie in the copy."""

    def reset(self) -> None:
        """Nothing to bring back: the copy is new."""

    def keep(self) -> None:
        """The template is the folder itself."""


class Bucket(Shared):
    """A bucket of an S3 server that runs in a process of its own."""

    files = FEW

    def __init__(self, ends: ExitStack) -> None:
        server = ends.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        )
        assert server.stdin is not None
        assert server.stdout is not None
        ends.callback(server.stdin.close)
        endpoint = server.stdout.readline().strip()
        self.url = make_bucket(endpoint, "kills")
        self.options = ("--option", f"endpointurl={endpoint}", "--option", "region=us-east-1")
        given = s3_options(endpoint)
        os.environ["AWS_ACCESS_KEY_ID"] = given["access_key_id"]
        os.environ["AWS_SECRET_ACCESS_KEY"] = given["secret_access_key"]
        import boto3  # noqa: PLC0415 - half a second, for those that need it

        self._client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
        _, _, self._name, self._prefix = self.url.split("/", 3)
        self._read: Bytes = {}
        self._kept: dict[str, str] = {}

    def contents(self, world: Path) -> Bytes:
        """Every key and its bytes; those with an md5 that was read before are not read again."""
        del world
        etags = self._etags()
        for key, etag in etags.items():
            if etag not in self._read:
                answer = self._client.get_object(Bucket=self._name, Key=f"{self._prefix}/{key}")
                self._read[etag] = answer["Body"].read()
        return {key: self._read[etag] for key, etag in etags.items()}

    def marks(self) -> object:
        return self._etags()

    def keep(self) -> None:
        self.contents(Path())
        self._kept = self._etags()

    def reset(self) -> None:
        there = self._etags()
        for key in there.keys() - self._kept.keys():
            self._client.delete_object(Bucket=self._name, Key=f"{self._prefix}/{key}")
        for key, etag in self._kept.items():
            if there.get(key) != etag:
                body = self._read[etag]
                self._client.put_object(Bucket=self._name, Key=f"{self._prefix}/{key}", Body=body)

    def _etags(self) -> dict[str, str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._name)
        objects: list[dict[str, Any]] = [one for page in pages for one in page.get("Contents", ())]
        return {one["Key"].removeprefix(f"{self._prefix}/"): one["ETag"] for one in objects}


def scene(work: Path, what: str, ends: ExitStack) -> Scene:
    """What is killed: "push" or "pull" over a folder, "push-s3" or "pull-s3"."""
    act, _, server = what.partition("-")
    remote = Bucket(ends) if server else Shared()
    template = work / "template"
    _prepare(template, work, remote, pushed=act == "pull")
    remote.keep()
    killing = {"push": _kill_push, "pull": _kill_pull}[act]
    return Scene(template, lambda copy, kill: killing(copy, remote, kill), remote.marks, remote.reset)


def _prepare(template: Path, work: Path, remote: Shared, *, pushed: bool) -> None:
    one, two = Folder(template / "p", work), Folder(template / "two", work)
    one.path.mkdir(parents=True)
    images(one.path, remote.files)
    add = ("remote", "add", "origin", remote.url, *remote.options)
    for argv in (("init",), ("data", "add", "img"), add, ("push",)):
        assert one.run(*argv) == 0, one.said()
    for part in (".mlctl/config.toml", ".dvc/config", "img.dvc", ".gitignore"):  # what a git clone brings
        (two.path / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(one.path / part, two.path / part)
    assert two.run("pull") == 0, two.said()
    changed(one.path, remote.files)
    for argv in (("data", "add", "img"), *([("push",)] if pushed else [])):
        assert one.run(*argv) == 0, one.said()
    if pushed:
        shutil.copy(one.path / "img.dvc", two.path / "img.dvc")


def _kill_push(world: Folder, remote: Shared, kill: Kill) -> list[str]:
    """Nothing changes here; the other reads what is whole; run again, the other has everything."""
    one, two = _people(world)
    before, cached, there = one.data(), one.cached(), remote.contents(world.path)
    kill(("push",), one)
    found = same("the work tree", before, one.data()) + same("the cache", cached, one.cached())
    found += _whole(there, remote.contents(world.path))
    found += then(one) + then(two, ("pull",)) + then(one, ("push",), ("push",))
    found += _whole(there, remote.contents(world.path))
    shutil.copy(one.path / "img.dvc", two.path / "img.dvc")
    found += then(two, ("pull",), ("data", "status", "--check"))
    return found + _equal("what the other has", _images(before), two)


def _kill_pull(world: Folder, remote: Shared, kill: Kill) -> list[str]:
    """Each file is the old one or the new one; both versions can be had afterwards."""
    one, two = _people(world)
    new, old = _images(one.data()), _images(two.data())
    cached, there = two.cached(), remote.contents(world.path)
    kill(("pull",), two)
    strange = [
        name for name, data in _images(two.data()).items() if data not in (old.get(name), new.get(name))
    ]
    found = [f"neither old nor new: {strange[:3]}"] if strange else []
    found += same("the cache", cached, two.cached()) + _whole(there, remote.contents(world.path))
    found += [f"{name} in the cache is damaged" for name in _damaged(two.cached())]
    found += then(two) + then(two, ("pull",), ("data", "status", "--check"))
    found += _equal("what was pulled", new, two)
    found += then(two, ("data", "checkout", "img@1")) + _equal("the first version", old, two)
    return found + then(two, ("data", "checkout", "img@2")) + _equal("the second version", new, two)


def _people(world: Folder) -> tuple[Folder, Folder]:
    return Folder(world.path / "p", world.scratch), Folder(world.path / "two", world.scratch)


def _images(files: Bytes) -> Bytes:
    return {name: data for name, data in files.items() if name.startswith("img/")}


def _equal(what: str, wanted: Bytes, folder: Folder) -> list[str]:
    there = _images(folder.data())
    more = sorted(there.keys() - wanted.keys())
    return same(what, wanted, there) + ([f"{what}: there is {more[:3]}, too"] if more else [])


def _whole(before: Bytes, now: Bytes) -> list[str]:
    """What a remote holds is what it says, nothing dangles, and nothing of what was there is gone."""
    files = {
        key.removeprefix("files/md5/").replace("/", ""): data
        for key, data in now.items()
        if key.startswith("files/md5/")
    }
    found = same("the remote", before, now) + [f"{name} on the remote is damaged" for name in _damaged(files)]
    for name, data in files.items():
        if name.endswith(".dir"):
            gone = [item["md5"] for item in json.loads(data) if item["md5"] not in files]
            found += [f"{name} dangles on the remote: it lacks {gone[:3]}"] if gone else []
    return found


def _damaged(files: Bytes) -> list[str]:
    return [
        name
        for name, data in files.items()
        if hashlib.md5(data, usedforsecurity=False).hexdigest() != name.replace("/", "").removesuffix(".dir")
    ]
