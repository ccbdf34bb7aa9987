"""A folder behind SSH, over SFTP: no program of ours runs there.

One connection serves all threads, with many requests in flight. Writing is aside, flushed, renamed;
put-if-absent is a hard link, which the server refuses where the name is taken. Its key must be known.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import asyncssh

from mlctl.builtin.remotes import known_options
from mlctl.builtin.remotes.arriving import appending
from mlctl.builtin.remotes.ssh_line import Line, settings_of
from mlctl.contracts.remote import Listed, RemoteStore, Told
from mlctl.domain.credentials import strip
from mlctl.domain.errors import Denied, Missing, UsageError
from mlctl.domain.remote import ASIDE, check_key, check_prefix, is_key

T = TypeVar("T")
Sftp = Any  # asyncssh.SFTPClient, whose types do not tell bytes from text

_CHUNK = 1 << 22  # bytes; asyncssh asks for its blocks in parallel
_AT_ONCE = 64  # requests
_MODE = 0o444


class SshRemote:
    """Opens folders of other machines."""

    schemes = ("ssh",)

    def options(self, url: str) -> frozenset[str]:
        """The options that it takes."""
        del url
        return known_options.SSH

    def open(self, url: str, options: Mapping[str, str]) -> RemoteStore:
        """The folder at `ssh://[user@]host[:port]/path`; connected to by the first call."""
        parts = urlsplit(url)
        if parts.scheme.lower() != "ssh" or not parts.hostname or parts.password is not None:
            raise UsageError(
                f"{strip(url)} is no folder of another machine: ssh://user@host/path", url=strip(url)
            )
        return SshStore(Line(settings_of(parts, options)), unquote(parts.path).rstrip("/"), url)


class SshStore:
    """The store in one folder of another machine."""

    writable = True
    parallel = 16

    def __init__(self, line: Line, root: str, url: str) -> None:
        self.url = url
        self._line = line
        self._root = root
        self._made: set[str] = set()

    def read(self, key: str) -> bytes:
        """The bytes under a key."""
        path = self._path(key)

        async def act(sftp: Sftp) -> bytes:
            async with _is_file(sftp, path), sftp.open(path, "rb") as file:
                data: bytes = await file.read()
                return data

        return self._ask(key, act)

    def fetch(self, key: str, target: Path, told: Told, *, start: int = 0) -> None:
        """Append what follows `start`."""
        with appending(target, told) as append:
            self.stream(key, append, start=start)

    def stream(self, key: str, sink: Callable[[bytes], None], *, start: int = 0) -> None:
        """Hand over what follows `start`."""
        path = self._path(key)

        async def act(sftp: Sftp) -> None:
            offset = start
            async with _is_file(sftp, path), sftp.open(path, "rb") as file:
                # no more than there is: each block behind the end would be a request of its own
                end = (await self._line.soon(file.stat())).size
                while offset < end:
                    data = await self._line.soon(file.read(min(_CHUNK, end - offset), offset))
                    if not data:
                        raise asyncssh.SFTPFailure("the file has become shorter")
                    offset += len(data)
                    sink(data)

        self._ask(key, act, whole=False)

    def put(self, key: str, data: bytes) -> None:
        """Write aside, flush, rename."""
        path = self._path(key)

        async def act(sftp: Sftp) -> None:
            async with self._aside(sftp, path) as aside:
                async with sftp.open(aside, "xb", asyncssh.SFTPAttrs(permissions=_MODE)) as file:
                    await file.write(data)
                    await _finish(file)
                await _rename(sftp, aside, path)

        self._ask(key, act)

    def put_file(self, key: str, source: Path, told: Told) -> None:
        """As `put`, in blocks."""
        path = self._path(key)

        async def act(sftp: Sftp) -> None:
            async with self._aside(sftp, path) as aside:
                async with sftp.open(aside, "xb", asyncssh.SFTPAttrs(permissions=_MODE)) as file:
                    with source.open("rb", buffering=0) as reading:
                        while data := reading.read(_CHUNK):
                            await self._line.soon(file.write(data))
                            told(len(data))
                    await _finish(file)
                await _rename(sftp, aside, path)

        self._ask(key, act, whole=False)

    def create(self, key: str, data: bytes) -> bool:
        """Write aside, flush, link."""
        path = self._path(key)

        async def act(sftp: Sftp) -> bool:
            async with self._aside(sftp, path, linked=True) as aside:
                async with sftp.open(aside, "xb", asyncssh.SFTPAttrs(permissions=_MODE)) as file:
                    await file.write(data)
                    await _finish(file)
                try:
                    await sftp.link(aside, path)
                except asyncssh.SFTPOpUnsupported as error:
                    raise Denied(
                        f"{self.url}: the server makes no hard links, which put-if-absent needs", key=key
                    ) from error
                except (asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists):
                    if not await sftp.exists(path):
                        raise
                    return False
                return True

        return self._ask(key, act, in_doubt=True)

    def sizes(self, keys: Iterable[str]) -> dict[str, int]:
        """One request each, many in flight."""
        paths = {key: self._path(key) for key in keys}

        async def act(sftp: Sftp) -> dict[str, int]:
            free = asyncio.Semaphore(_AT_ONCE)

            async def one(key: str) -> tuple[str, int | None]:
                async with free:
                    with contextlib.suppress(asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                        found = await self._line.soon(sftp.stat(paths[key]))
                        if found.type == asyncssh.FILEXFER_TYPE_REGULAR:
                            return key, found.size
                    return key, None

            found = await asyncio.gather(*(one(key) for key in paths))
            return {key: size for key, size in found if size is not None}

        return self._ask("", act, whole=False)

    def list(self, prefix: str) -> Iterator[Listed]:
        """Folder by folder, several at once."""
        check_prefix(prefix)

        async def act(sftp: Sftp) -> Sequence[Listed]:
            return await self._walk(sftp, prefix, asyncio.Semaphore(_AT_ONCE))

        yield from self._ask(prefix, act, whole=False)

    def remove(self, keys: Iterable[str]) -> None:
        """One request each, many in flight."""
        paths = [self._path(key) for key in keys]

        async def act(sftp: Sftp) -> None:
            free = asyncio.Semaphore(_AT_ONCE)

            async def one(path: str) -> None:
                async with free:
                    with contextlib.suppress(asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                        await self._line.soon(sftp.remove(path))

            await asyncio.gather(*(one(path) for path in paths))

        self._ask("", act, whole=False)

    def close(self) -> None:
        """End the connection."""
        self._line.close()

    def _path(self, key: str) -> str:
        return f"{self._root}/{check_key(key)}"

    def _ask(
        self,
        key: str,
        act: Callable[[Sftp], Coroutine[Any, Any, T]],
        *,
        whole: bool = True,
        in_doubt: bool = False,
    ) -> T:
        """Carry out a conversation; `whole`: all of it must be over soon, not only each answer."""
        try:
            return self._line.talk(act, self.url, key, whole=whole, in_doubt=in_doubt)
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath) as error:
            raise Missing(f"{self.url} does not hold {key}", key=key, url=self.url) from error

    async def _walk(self, sftp: Sftp, prefix: str, free: asyncio.Semaphore) -> Sequence[Listed]:
        """In order of whole keys: a folder sorts as its name and "/"."""
        async with free:
            try:
                found = await self._line.soon(sftp.readdir(f"{self._root}/{prefix}"))
            except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath, asyncssh.SFTPNotADirectory):
                return []
        entries: dict[str, int | None] = {}
        for one in found:
            name = str(one.filename)
            if is_key(name):
                is_folder = one.attrs.type == asyncssh.FILEXFER_TYPE_DIRECTORY
                entries[f"{name}/" if is_folder else name] = one.attrs.size
        below = await asyncio.gather(
            *(self._walk(sftp, prefix + name, free) for name in sorted(entries) if name.endswith("/"))
        )
        folders = iter(below)
        return [
            one
            for name in sorted(entries)
            for one in (next(folders) if name.endswith("/") else [Listed(prefix + name, entries[name] or 0)])
        ]

    @contextlib.asynccontextmanager
    async def _aside(self, sftp: Sftp, path: str, *, linked: bool = False) -> AsyncIterator[str]:
        """A fresh name for a file that will become `path`, renamed or linked; nothing stays there."""
        for folder in (f"{self._root}/{ASIDE}", path.rpartition("/")[0]):
            if folder not in self._made:
                await sftp.makedirs(folder, exist_ok=True)
                self._made.add(folder)
        aside = f"{self._root}/{ASIDE}/{secrets.token_hex(12)}"
        try:
            yield aside
        except BaseException:
            await _drop(sftp, aside)
            raise
        if linked:
            await _drop(sftp, aside)


async def _drop(sftp: Sftp, path: str) -> None:
    with contextlib.suppress(asyncssh.Error, OSError):
        await sftp.remove(path)


@contextlib.asynccontextmanager
async def _is_file(sftp: Sftp, path: str) -> AsyncIterator[None]:
    """Servers say "failure" of a folder and of what would be below a file: neither is there as a file."""
    try:
        yield
    except asyncssh.SFTPFailure as error:
        with contextlib.suppress(asyncssh.SFTPError):
            if await sftp.isfile(path):
                raise error from None
        raise asyncssh.SFTPNoSuchFile(str(error)) from error


async def _finish(file: Any) -> None:
    """On the disk, where the server knows how."""
    with contextlib.suppress(asyncssh.SFTPOpUnsupported):
        await file.fsync()


async def _rename(sftp: Sftp, aside: str, path: str) -> None:
    try:
        await sftp.posix_rename(aside, path)
    except asyncssh.SFTPOpUnsupported:
        await sftp.rename(aside, path)  # refuses a name that is taken: never half of either
