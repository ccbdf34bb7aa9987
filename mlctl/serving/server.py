"""One uvicorn server in this process: binds, follows, drains, stops.

A start: bind (so that a port in use is said at once), listen, load and warm the model, be ready, follow.
A stop: take no new connections, finish what is in flight, end the follower, flush and close the log.
"""

import asyncio
import contextlib
import errno
import gc
import signal
import socket
import threading
from collections.abc import Callable, Generator
from types import FrameType
from typing import Any

import uvicorn
import uvloop

from mlctl.domain.errors import MlctlError, PermissionRefused, PortInUse, UsageError
from mlctl.serving.app import Application
from mlctl.serving.swap import Follower, Live

DRAIN = 20
"""Seconds that requests in flight get to finish."""
_BACKLOG = 2048
_LAST_PORT = 65535


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to the address; port 0 takes a free one.

    Raises:
        PortInUse: another program listens there.
        PermissionRefused: the system keeps the port for others.
        UsageError: the host or port is none of this machine.
    """
    if not 0 <= port <= _LAST_PORT:
        raise UsageError(
            f"{port} is no port; it has to be 0 to {_LAST_PORT}", "mlctl serve --port 0", port=port
        )
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise UsageError(f"host {host!r} is not known: {error.strerror}", "mlctl serve", host=host) from error
    bound = socket.socket(family, kind, protocol)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        raise _refused(error, host, port) from error
    return bound


def url_of(bound: socket.socket) -> str:
    """Where a bound socket can be reached from this machine."""
    host, port = bound.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - read, not bound
    return f"http://{shown}:{port}"


def run(
    app: Application, follower: Follower, bound: socket.socket, *, started: Callable[[Live], None]
) -> int:
    """Serve until a signal says stop; the signal's number.

    Args:
        app: its log is closed at the end.
        follower: loads the first model, and follows from then on.
        bound: from `bind`; closed at the end.
        started: told once the first model is loaded and warm.

    Raises:
        MlctlError: the first model cannot be loaded; nothing was served.
    """
    server = _Server(
        uvicorn.Config(
            app,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",  # what goes wrong is told as an event, not as a log line with a traceback
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=DRAIN,
        )
    )
    try:
        with contextlib.closing(bound), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(server, bound, follower, started))
    finally:
        follower.stop()
        app.close()
    return server.stopped_by or signal.SIGTERM


async def _serve(
    server: "_Server", bound: socket.socket, follower: Follower, started: Callable[[Live], None]
) -> None:
    """Answer health checks at once, load the first model in a thread, follow from then on."""
    serving = asyncio.ensure_future(server.serve(sockets=[bound]))
    loading = asyncio.ensure_future(asyncio.to_thread(follower.load_first))
    tasks: set[asyncio.Future[Any]] = {serving, loading}
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    try:
        live = await loading
        if not serving.done():
            gc.collect()
            gc.freeze()  # what is loaded stays; collections need not walk it at every request
            follower.start()
            started(live)
    except BaseException:
        server.should_exit = True
        raise
    finally:
        await serving


class _Server(uvicorn.Server):
    """uvicorn's server, but a signal ends it in good order and is not raised again afterwards.

    Attributes:
        stopped_by: the number of the first signal that came, or 0.
    """

    stopped_by = 0

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Handle SIGINT and SIGTERM while the server runs; none where it serves from a thread (tests)."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {
            number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Drain at the first signal, hurry at the second."""
        del frame
        self.stopped_by = self.stopped_by or sig
        self.force_exit = self.should_exit
        self.should_exit = True


def _refused(error: OSError, host: str, port: int) -> MlctlError:
    if error.errno == errno.EADDRINUSE:
        return PortInUse(
            f"port {port} of {host} is in use by another program",
            "mlctl serve --port 0",
            host=host,
            port=port,
        )
    if error.errno in {errno.EACCES, errno.EPERM}:
        return PermissionRefused(
            f"port {port} of {host} is not yours to bind", "mlctl serve --port 0", host=host, port=port
        )
    return UsageError(
        f"cannot listen on {host}:{port}: {error.strerror}", "mlctl serve", host=host, port=port
    )
