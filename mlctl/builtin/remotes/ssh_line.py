"""The connection of an SSH remote: one event loop in a thread of its own, that other threads talk through.

A connection that is lost is made anew by the next conversation.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import SplitResult

import asyncssh

from mlctl.domain.credentials import strip
from mlctl.domain.errors import Denied, DiskFull, MlctlError, Unreachable, UsageError

T = TypeVar("T")

_SOON = 60.0  # seconds for one answer
_CONNECT = 30.0  # seconds
_ALIVE = 15.0  # seconds between signs of life of a silent connection
_FULL = (asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded)
_NO_ACCESS = (asyncssh.PermissionDenied, asyncssh.IllegalUserName)
_BROKEN = (asyncssh.SFTPNoConnection, asyncssh.SFTPConnectionLost, asyncssh.DisconnectError, OSError)


def settings_of(parts: SplitResult, options: Mapping[str, str]) -> dict[str, Any]:
    """What asyncssh is told, from the URL and DVC's options; all else is as in `~/.ssh/config`.

    Raises:
        UsageError: the port or time-out is no number, or the key file cannot be read.
    """
    settings: dict[str, Any] = {"host": parts.hostname, "keepalive_interval": _ALIVE}
    try:
        port = parts.port or (int(options["port"]) if "port" in options else None)
        timeout = float(options.get("timeout", _CONNECT))
    except ValueError as error:
        raise UsageError(f"{strip(parts.geturl())}: {error}") from error
    settings |= {"connect_timeout": timeout, "login_timeout": timeout}
    user = parts.username or options.get("user")
    settings |= {key: value for key, value in (("port", port), ("username", user)) if value}
    for option, name in (("password", "password"), ("passphrase", "passphrase")):
        if options.get(option):
            settings[name] = options[option]
    if options.get("keyfile"):
        keyfile = Path(options["keyfile"]).expanduser()
        if not keyfile.is_file():
            raise UsageError(f"{keyfile}: there is no such key file", path=str(keyfile))
        settings["client_keys"] = [str(keyfile)]
    if options.get("allow_agent", "").lower() == "false":
        settings["agent_path"] = None
    known = options.get("known_hosts")
    if known is not None:
        settings["known_hosts"] = None if known.lower() == "off" else str(Path(known).expanduser())
    return settings


class Line:
    """A connection that any thread may talk through.

    Attributes:
        timeout: seconds after which an answer is not waited for any longer.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.timeout = _SOON
        self._settings = dict(settings)
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._connecting: asyncio.Lock | None = None
        self._connection: asyncssh.SSHClientConnection | None = None
        self._sftp: asyncssh.SFTPClient | None = None

    async def soon(self, answer: Awaitable[T]) -> T:
        """The answer, or TimeoutError."""
        return await asyncio.wait_for(answer, self.timeout)

    def talk(
        self,
        act: Callable[[Any], Coroutine[Any, Any, T]],
        url: str,
        key: str,
        *,
        whole: bool,
        in_doubt: bool,
    ) -> T:
        """Carry out a conversation; its errors in mlctl's words, but for what says that a file is not there.

        Args:
            act: talks to the server.
            url: for messages.
            key: for messages.
            whole: the whole of it must be over in `timeout`.
            in_doubt: whether what got no answer may have been done.
        """
        started = False

        async def run() -> T:
            nonlocal started
            sftp = await self._connected()
            started = True
            return await (self.soon(act(sftp)) if whole else act(sftp))

        try:
            return asyncio.run_coroutine_threadsafe(run(), self._running()).result()
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            raise
        except (asyncssh.Error, asyncssh.KeyImportError, OSError, TimeoutError) as error:
            raise self._said(error, url, key, in_doubt=in_doubt and started) from error

    def close(self) -> None:
        """End the connection and the thread."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._hang_up(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._connecting = asyncio.Lock()
                self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
                self._thread.start()
            return self._loop

    async def _connected(self) -> asyncssh.SFTPClient:
        if self._connecting is None:
            raise AssertionError("talk() makes it with the loop")
        async with self._connecting:
            if self._sftp is None or self._connection is None or self._connection.is_closed():
                await self._hang_up()
                self._connection = await asyncssh.connect(**self._settings)
                self._sftp = await self.soon(self._connection.start_sftp_client())
            return self._sftp

    async def _hang_up(self) -> None:
        connection, self._connection, self._sftp = self._connection, None, None
        if connection is not None:
            connection.abort()
            await connection.wait_closed()

    def _said(self, error: Exception, url: str, key: str, *, in_doubt: bool) -> MlctlError:
        host = self._settings["host"]
        text = strip(str(error)) or type(error).__name__
        if isinstance(error, asyncssh.HostKeyNotVerifiable):
            return Denied(
                f"{url}: the key of {host} is not known here: {text}; connect once with ssh to accept it",
                f"ssh {host} true",
                url=url,
            )
        if isinstance(error, _NO_ACCESS):
            return Denied(f"{url}: {host} refused the login: {text}", f"ssh {host} true", url=url)
        if isinstance(error, asyncssh.KeyImportError):
            return UsageError(f"{url}: the key file cannot be used: {text}", url=url)
        if isinstance(error, (asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect)):
            return Denied(f"{url} refused {key}: {text}", key=key, url=url)
        if isinstance(error, _FULL):
            return DiskFull(f"{url}: no space left there: {text}", url=url)
        if isinstance(error, (*_BROKEN, TimeoutError)):
            loop = self._loop
            if loop is not None:
                asyncio.run_coroutine_threadsafe(self._drop(), loop)
        return Unreachable(f"{url}: {text}", key=key, url=url, in_doubt=in_doubt)

    async def _drop(self) -> None:
        """Forget a connection that broke, unless it has been made anew."""
        if self._connection is not None and self._connection.is_closed():
            await self._hang_up()
