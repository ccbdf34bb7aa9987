"""Any store that dvc can reach and that has no plugin of its own: gs, azure, hdfs, webdav and so on.

It asks dvc's own file systems, with dvc's options. Put-if-absent is not promised: `create` refuses, so such a
remote holds data and facts, but not the shared log.
"""

import contextlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dvc.config import ConfigError
from dvc.config_schema import REMOTE_SCHEMAS
from dvc.fs import AuthError, RemoteMissingDepsError, get_cloud_fs
from dvc.fs import ConfigError as SettingError

from mlctl.builtin.remotes.arriving import appending
from mlctl.contracts.remote import Listed, RemoteStore, Told
from mlctl.domain.credentials import strip
from mlctl.domain.errors import Denied, Missing, NotInstalled, Unreachable, UsageError
from mlctl.domain.remote import check_key, check_prefix, is_key

_CHUNK = 1 << 22  # bytes
_WHOLE = frozenset({"gs", "azure", "oss", "s3", "memory"})
"""Protocols in which a reader never sees half of an upload."""


_PACKAGES = {"webdavs": "webdav", "webhdfs": "hdfs"}
"""Schemes that another scheme's package of dvc brings."""


class DvcRemote:
    """Opens what dvc opens."""

    schemes = ("dvc",)

    def options(self, url: str) -> frozenset[str] | None:
        """The options that dvc takes for this scheme; None where it has not said."""
        schema = REMOTE_SCHEMAS.get(url.partition("://")[0].lower())
        return frozenset(map(str, schema)) - {"url"} if schema is not None else None

    def open(self, url: str, options: Mapping[str, str]) -> RemoteStore:
        """The store at a URL, as dvc would open it."""
        try:
            kind, settings, path = get_cloud_fs({}, url=url, **options)
            return DvcStore(kind(**settings), path, strip(url))
        except RemoteMissingDepsError as error:
            packages = " ".join(error.missing_deps)
            raise NotInstalled(
                f"{strip(url)}: dvc needs more packages for this: {packages}",
                f"pip install 'dvc-{error.protocol}'",
                url=strip(url),
            ) from error
        except ImportError as error:
            scheme = url.partition("://")[0].lower()
            raise NotInstalled(
                f"{strip(url)}: {error}", f"pip install 'dvc-{_PACKAGES.get(scheme, scheme)}'", url=strip(url)
            ) from error
        except (ConfigError, SettingError) as error:
            raise UsageError(f"{strip(url)}: {strip(str(error))}", url=strip(url)) from error


class DvcStore:
    """A store behind one of dvc's file systems."""

    writable = True

    def __init__(self, fs: Any, path: str, url: str) -> None:
        self.url = url
        self.parallel = int(fs.jobs)
        self._fs = fs
        self._root = path

    def read(self, key: str) -> bytes:
        """The bytes under a key."""
        with self._asking(key):
            return bytes(self._fs.cat_file(self._path(key)))

    def fetch(self, key: str, target: Path, told: Told, *, start: int = 0) -> None:
        """Append what follows `start`."""
        with appending(target, told) as append:
            self.stream(key, append, start=start)

    def stream(self, key: str, sink: Callable[[bytes], None], *, start: int = 0) -> None:
        """Hand over what follows `start`."""
        with self._asking(key), self._fs.open(self._path(key), "rb") as source:
            source.seek(start)
            while data := source.read(_CHUNK):
                sink(data)

    def put(self, key: str, data: bytes) -> None:
        """Write at once, or aside and rename where a reader could see a part."""
        with self._asking(key), self._placing(self._path(key)) as path:
            self._fs.pipe_file(path, data)

    def put_file(self, key: str, source: Path, told: Told) -> None:
        """As `put`."""
        with self._asking(key), self._placing(self._path(key)) as path:
            self._fs.put_file(str(source), path)
        told(source.stat().st_size)

    def create(self, key: str, data: bytes) -> bool:
        """Refuse: no promise can be made."""
        del data
        raise Denied(
            f"{self.url}: dvc's way to this store has no put-if-absent, so it cannot hold the shared log",
            key=check_key(key),
        )

    def sizes(self, keys: Iterable[str]) -> dict[str, int]:
        """One question each."""
        found = {}
        for key in keys:
            with self._asking(key), contextlib.suppress(FileNotFoundError, NotADirectoryError):
                info = self._fs.info(self._path(key))
                if info["type"] == "file":
                    found[key] = int(info["size"])
        return found

    def list(self, prefix: str) -> Iterator[Listed]:
        """All below the prefix, sorted here: file systems have orders of their own."""
        folder = self._path(check_prefix(prefix)[:-1]) if prefix else self._root
        with self._asking(prefix):
            try:
                found = self._fs.fs.find(folder, detail=True)
                if not isinstance(found, dict):  # dvc's own local file system gives no details
                    found = {path: self._fs.info(path) for path in found}
            except (FileNotFoundError, NotADirectoryError):
                return
            start = len(self._root.rstrip("/")) + 1
            sizes = {str(path)[start:]: int(info["size"]) for path, info in found.items()}
        for key in sorted(sizes):
            if key.startswith(prefix) and is_key(key) and not key.endswith(".tmp"):
                yield Listed(key, sizes[key])

    def remove(self, keys: Iterable[str]) -> None:
        """One request each."""
        for key in keys:
            with self._asking(key), contextlib.suppress(FileNotFoundError, NotADirectoryError):
                self._fs.rm_file(self._path(key))

    def close(self) -> None:
        """Connections belong to fsspec, which keeps them."""

    def _path(self, key: str) -> str:
        return f"{self._root.rstrip('/')}/{check_key(key)}"

    @contextlib.contextmanager
    def _placing(self, path: str) -> Iterator[str]:
        if self._fs.protocol in _WHOLE:
            yield path
            return
        self._fs.makedirs(self._fs.parent(path), exist_ok=True)
        aside = f"{path}.{secrets.token_hex(6)}.tmp"
        try:
            yield aside
            self._fs.move(aside, path)
        finally:
            with contextlib.suppress(OSError):
                self._fs.rm_file(aside)

    @contextlib.contextmanager
    def _asking(self, key: str) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise Missing(f"{self.url} does not hold {key}", key=key) from error
        except (PermissionError, AuthError) as error:
            raise Denied(f"{self.url} refused access to {key}: {strip(str(error))}", key=key) from error
        except (OSError, TimeoutError) as error:
            raise Unreachable(f"{self.url} could not be asked: {strip(str(error))}", key=key) from error
