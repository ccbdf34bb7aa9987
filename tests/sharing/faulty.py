"""A line that fails: a proxy on loopback that breaks some of the HTTP requests that it passes on."""

import contextlib
import http.client
import http.server
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

FAULTS = ("busy", "reset", "lost", "cut", "late")
"""503 · reset, nothing done · done, but the answer is lost · half of the answer · done too late."""


class FaultyLine:
    """Decides what becomes of each request.

    Attributes:
        seen: how many requests met which fate.
        conditional: held by the one put-if-absent that is passed on: S3 takes them one at a time, moto's
            threads look and write in two steps.
        share: of requests that fail.
    """

    def __init__(self, target: str, seed: int, share: float, patience: float) -> None:
        self.target = urlsplit(target)
        self.share = share
        self.patience = patience  # of the client, in seconds
        self.seen: Counter[str] = Counter()
        self.conditional = threading.Lock()
        self._rng = random.Random(seed)  # noqa: S311 - a schedule, no secret
        self._lock = threading.Lock()

    def fate(self) -> str:
        """Of the next request."""
        with self._lock:
            drawn = self._rng.choice(FAULTS) if self._rng.random() < self.share else "fine"
            self.seen[drawn] += 1
            return drawn


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    line: FaultyLine

    def log_message(self, *args) -> None:
        """Say nothing."""

    def _turn(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fate = self.line.fate()
        if fate == "busy":
            self._send(503, [], b"<Error><Code>SlowDown</Code></Error>")
            return
        if fate == "reset":
            self._break()
            return
        if fate == "late":
            time.sleep(self.line.patience * 1.5)
        status, headers, answer = self._ask(body)
        if fate in {"lost", "late"}:
            self._break()
        elif fate == "cut" and len(answer) > 1:
            self._send(status, headers, answer[: len(answer) // 2], whole=len(answer))
            self._break()
        else:
            self._send(status, headers, answer)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _turn  # noqa: N815 - the names that http.server calls

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(self.line.target.hostname, self.line.target.port, timeout=30)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "expect"}
        held = self.line.conditional if "If-None-Match" in self.headers else contextlib.nullcontext()
        with held, contextlib.closing(connection):
            connection.request(self.command, self.path, body=body, headers=headers)
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()

    def _send(self, status: int, headers, answer: bytes, whole: int | None = None) -> None:
        self.send_response_only(status)
        length = None
        for name, value in headers:
            if name.lower() == "content-length":
                length = value
            elif name.lower() not in {"transfer-encoding", "connection"}:
                self.send_header(name, value)
        is_head = self.command == "HEAD"
        self.send_header("Content-Length", length if is_head and length else str(whole or len(answer)))
        self.end_headers()
        with contextlib.suppress(OSError):
            if not is_head:
                self.wfile.write(answer)
            self.wfile.flush()

    def _break(self) -> None:
        """Reset the connection, so that the client sees an error and not an end."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.shutdown(socket.SHUT_RD)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address) -> None:
        """A client that was killed in the middle is what this is about."""


@contextlib.contextmanager
def faulty_line(
    target: str, seed: int, *, share: float = 1 / 3, patience: float = 0.6
) -> Iterator[tuple[str, FaultyLine]]:
    """(URL of a proxy in front of a server, what it does)."""
    line = FaultyLine(target, seed, share, patience)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"line": line}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", line
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
