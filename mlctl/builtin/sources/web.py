"""Files over http and https: conditional by ETag or Last-Modified, resumed by ranges, at most ten redirects.

A redirect may not leave https. Credentials are those of the URL (for its own host alone) or of `~/.netrc`.
"""

import contextlib
import random
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx

from mlctl.contracts.source import Seen, Told
from mlctl.domain.credentials import strip
from mlctl.domain.errors import Denied, DiskFull, MlctlError, NotFound, Unreachable

TRIES = 5
MOST_REDIRECTS = 10

_TIMEOUT = httpx.Timeout(30.0, read=60.0)
_FIRST_PAUSE = 0.2  # seconds; doubles
_PLAIN = {"Accept-Encoding": "identity", "User-Agent": "mlctl"}
_NO_HEAD = {403, 405, 501}  # of servers and signed URLs that only know GET
_DENIED, _GONE, _PASSES = {401, 403, 407}, {404, 410}, {408, 425, 429, 500, 502, 503, 504}
_PARTIAL, _NO_SUCH_RANGE = 206, 416


class WebSource:
    """Files of web servers."""

    schemes = ("http", "https")

    def look(self, url: str, options: Mapping[str, str]) -> Seen:
        """HEAD; where the server refuses that, GET without reading the body."""
        del options
        with _client(url) as client:
            with _answer(client, "HEAD", url, {}) as response:
                if response.status_code not in _NO_HEAD:
                    _check(response, url)
                    return _seen(response)
            with _answer(client, "GET", url, {}) as response:
                _check(response, url)
                return _seen(response)

    def fetch(self, url: str, options: Mapping[str, str], target: Path, seen: Seen, told: Told) -> Seen:
        """GET, continued where it broke off."""
        del options
        for turn in range(TRIES):
            try:
                with _client(url) as client:
                    return _continued(client, url, target, seen, told)
            except _Again as error:
                if turn == TRIES - 1:
                    raise error.inner from error
                seen = error.seen
                time.sleep(_FIRST_PAUSE * 2**turn * (0.5 + random.random()))  # noqa: S311 - spreads callers
        raise AssertionError  # the last turn returns or raises


class _Again(Exception):
    """It broke off in a way that may pass."""

    def __init__(self, inner: MlctlError, seen: Seen) -> None:
        super().__init__(inner.message)
        self.inner = inner
        self.seen = seen


def _client(url: str) -> httpx.Client:
    auth: httpx.Auth | None = None
    if not httpx.URL(url).userinfo:
        with contextlib.suppress(OSError, SyntaxError):  # no netrc, or one that nobody can read
            auth = httpx.NetRCAuth()
    return httpx.Client(timeout=_TIMEOUT, headers=_PLAIN, auth=auth)


@contextlib.contextmanager
def _answer(client: httpx.Client, method: str, url: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
    """The answer behind all redirects, its body not read yet."""
    try:
        request = client.build_request(method, url, headers=headers)
        for _ in range(MOST_REDIRECTS + 1):
            response = client.send(request, stream=True)
            following = response.next_request
            if following is None:
                with contextlib.closing(response):
                    yield response
                return
            response.close()
            if request.url.scheme == "https" and following.url.scheme != "https":
                raise Denied(f"{strip(url)} redirects from https to {following.url.scheme}: not followed")
            request = following
            request.headers.update(headers)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise NotFound(
            f"{strip(url)}: {strip(str(error))}", "mlctl data import --help", url=strip(url)
        ) from error
    except httpx.TransportError as error:
        raise Unreachable(f"{strip(url)} cannot be reached: {strip(str(error))}", url=strip(url)) from error
    raise Unreachable(f"{strip(url)}: more than {MOST_REDIRECTS} redirects", url=strip(url))


def _continued(client: httpx.Client, url: str, target: Path, seen: Seen, told: Told) -> Seen:
    start = target.stat().st_size if target.exists() else 0
    validator = seen.etag if seen.etag and not seen.etag.startswith("W/") else seen.modified
    headers = {}
    if start and validator:
        headers = {"Range": f"bytes={start}-", "If-Range": validator}
    else:
        start = 0
    found = Seen()
    try:
        with _answer(client, "GET", url, headers) as response:
            if response.status_code == _NO_SUCH_RANGE:
                if response.headers.get("content-range") == f"bytes */{start}":
                    return seen  # all of it is there
                target.unlink()
                raise _Again(Unreachable(f"{strip(url)} is shorter than what arrived of it"), Seen())
            _check(response, url)
            found = _seen(response)
            if response.status_code == _PARTIAL and response.headers.get("content-range", "").startswith(
                f"bytes {start}-"
            ):
                found = seen
            else:
                start = 0
            _append(response, target, start, told)
    except Unreachable as error:
        if start == 0 and not target.exists():
            raise  # nothing has come: the server is not there
        raise _Again(error, found if found != Seen() else seen) from error
    return found


def _append(response: httpx.Response, target: Path, start: int, told: Told) -> None:
    length = response.headers.get("content-length")
    total = start + int(length) if length and length.isdecimal() and not _encoded(response) else None
    free = shutil.disk_usage(target.parent).free
    if total is not None and total - start > free:
        raise DiskFull(
            f"{total - start} bytes are to come and {free} are free in {target.parent}", path=str(target)
        )
    with target.open("r+b" if target.exists() else "xb", buffering=0) as sink:
        sink.truncate(start)
        sink.seek(start)
        for chunk in response.iter_bytes():  # as they come: what is held back would be lost with the line
            sink.write(chunk)
            told(sink.tell(), total)


def _seen(response: httpx.Response) -> Seen:
    length = response.headers.get("content-length")
    return Seen(
        etag=response.headers.get("etag"),
        modified=response.headers.get("last-modified"),
        size=int(length) if length and length.isdecimal() and not _encoded(response) else None,
    )


def _encoded(response: httpx.Response) -> bool:
    return str(response.headers.get("content-encoding", "identity")).lower() != "identity"


def _check(response: httpx.Response, url: str) -> None:
    status, shown = response.status_code, strip(url)
    if response.is_success:
        return
    said = f"{shown} answers {status} {response.reason_phrase}".rstrip()
    if status in _GONE:
        raise NotFound(said, "mlctl data import --help", url=shown, status=status)
    if status in _DENIED:
        raise Denied(said, url=shown, status=status)
    raise Unreachable(said, url=shown, status=status)
