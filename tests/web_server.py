"""A web server on loopback whose files, validators and faults the tests choose."""

import contextlib
import hashlib
import http.server
import threading
from collections.abc import Iterator
from typing import Any


class Web:
    """What the server answers.

    Attributes:
        files: path ("/x.csv") to bytes.
        etags: whether files have ETags, and so ranges.
        status: answered instead of a file, by path.
        redirects: path to URL.
        breaks: after so many bytes of a body the connection is closed, the next so many times.
        encoded: Content-Encoding by path.
        asked: (method, path, headers) of all requests.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.etags = True
        self.status: dict[str, int] = {}
        self.redirects: dict[str, str] = {}
        self.breaks: tuple[int, int] = (0, 0)
        self.hangs: threading.Event | None = None
        self.users: set[str] = set()
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.url = ""

    def methods(self, path: str) -> list[str]:
        """How a path was asked for."""
        return [method for method, asked, _ in self.asked if asked == path]


@contextlib.contextmanager
def web_server() -> Iterator[Web]:
    """A server in this process."""
    web = Web()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(web))
    server.daemon_threads = True
    web.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()


def _handler(web: Web) -> type[http.server.BaseHTTPRequestHandler]:
    return type("Handler", (_Handler,), {"web": web})


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    web: Web

    def log_message(self, *_: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        web, path = self.web, self.path.partition("?")[0]
        web.asked.append((self.command, self.path, dict(self.headers)))
        if path in web.redirects:
            self._plain(302, {"Location": web.redirects[path]})
        elif path in web.status:
            self._plain(web.status[path])
        elif path not in web.files:
            self._plain(404)
        elif web.users and self.headers.get("Authorization") not in web.users:
            self._plain(401)
        else:
            self._file(web.files[path], body=body)

    def _plain(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": "0", **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()

    def _file(self, data: bytes, *, body: bool) -> None:
        etag = f'"{hashlib.sha1(data, usedforsecurity=False).hexdigest()[:16]}"'
        start = self._start(etag)
        if start and start >= len(data):
            self._plain(416, {"Content-Range": f"bytes */{len(data)}"})
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        if self.web.etags:
            self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        if body:
            self._body(data[start:])

    def _start(self, etag: str) -> int:
        wanted = self.headers.get("Range")
        if self.web.etags and wanted and self.headers.get("If-Range") == etag:
            return int(wanted.removeprefix("bytes=").partition("-")[0])
        return 0

    def _body(self, data: bytes) -> None:
        after, times = self.web.breaks
        if not times:
            self.wfile.write(data)
            return
        self.web.breaks = (after, times - 1)
        self.wfile.write(data[:after])
        self.wfile.flush()
        if self.web.hangs is not None:
            self.web.hangs.wait(60)
        self.close_connection = True
        self.connection.close()
