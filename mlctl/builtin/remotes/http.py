"""A web server as a remote that is only read. It cannot be asked for what it holds: keys must be known."""

import base64
import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import httpx

from mlctl.builtin.remotes import known_options
from mlctl.builtin.remotes.arriving import appending
from mlctl.contracts.remote import Listed, RemoteStore, Told
from mlctl.domain.credentials import strip
from mlctl.domain.errors import Denied, Missing, Unreachable, UsageError
from mlctl.domain.remote import check_key

_REDIRECTS = 5
_PARALLEL = 16
_ABSENT = {404, 410}
_REFUSED = {401, 403, 407}
_NO_HEAD = {405, 501}
_PASSING = {408, 425, 429}
_PARTIAL, _RANGE, _SERVER, _ERROR = 206, 416, 500, 400
_STARTS = re.compile(r"bytes (?P<start>\d+)-")


class HttpRemote:
    """Opens web servers."""

    schemes = ("http", "https")

    def options(self, url: str) -> frozenset[str]:
        """The options that it takes."""
        del url
        return known_options.HTTP

    def open(self, url: str, options: Mapping[str, str]) -> RemoteStore:
        """The store below a URL."""
        parts = urlsplit(url)
        if parts.scheme.lower() not in self.schemes or not parts.netloc or "@" in parts.netloc:
            raise UsageError(
                f"{strip(url)} is no web address without credentials: https://host/path", url=strip(url)
            )
        if parts.query or parts.fragment:
            raise UsageError(f"{strip(url)}: keys cannot be joined to a query", url=strip(url))
        headers = {"Accept-Encoding": "identity", **_access(options)}
        verify = options.get("ssl_verify", "true").lower() != "false"
        client = httpx.Client(
            headers=headers,
            verify=verify,
            follow_redirects=True,
            max_redirects=_REDIRECTS,
            timeout=httpx.Timeout(
                float(options.get("read_timeout", 60)), connect=float(options.get("connect_timeout", 10))
            ),
            limits=httpx.Limits(max_connections=_PARALLEL),
            event_hooks={"response": [_stay_encrypted]},
        )
        return HttpStore(client, url.rstrip("/"))


class HttpStore:
    """What lies below one URL."""

    writable = False
    parallel = _PARALLEL

    def __init__(self, client: httpx.Client, url: str) -> None:
        self.url = url
        self._client = client

    def read(self, key: str) -> bytes:
        """The bytes under a key."""
        with self._asking(key):
            response = self._client.get(self._at(key))
            self._judge(response, key)
            return response.content

    def fetch(self, key: str, target: Path, told: Told, *, start: int = 0) -> None:
        """Append what follows `start`, where the server knows ranges; else that much is read past."""
        with appending(target, told) as append:
            self.stream(key, append, start=start)

    def stream(self, key: str, sink: Callable[[bytes], None], *, start: int = 0) -> None:
        """Hand over what follows `start`, where the server knows ranges; else that much is read past."""
        headers = {"Range": f"bytes={start}-"} if start else {}
        with self._asking(key), self._client.stream("GET", self._at(key), headers=headers) as response:
            if start and response.status_code == _RANGE:  # all of it is there
                return
            self._judge(response, key)
            past = start - _first(response)
            if past < 0:
                raise Unreachable(f"{self.url}: {key}: another range than was asked for", key=key)
            for data in response.iter_raw():
                chunk, past = data[past:], max(0, past - len(data))
                if chunk:
                    sink(chunk)

    def put(self, key: str, data: bytes) -> None:
        """Refuse."""
        del data
        self._refuse(key)

    def put_file(self, key: str, source: Path, told: Told) -> None:
        """Refuse."""
        del source, told
        self._refuse(key)

    def create(self, key: str, data: bytes) -> bool:
        """Refuse."""
        del data
        self._refuse(key)

    def sizes(self, keys: Iterable[str]) -> dict[str, int]:
        """One request each, several at once."""
        asked = list(dict.fromkeys(keys))
        with ThreadPoolExecutor(min(self.parallel, len(asked) or 1)) as pool:
            found = list(pool.map(self._size, asked))
        return {key: size for key, size in zip(asked, found, strict=True) if size is not None}

    def list(self, prefix: str) -> Iterator[Listed]:
        """Refuse: there is no way to ask."""
        raise Denied(f"{self.url}: a web server cannot be asked what it holds below {prefix!r}", key=prefix)

    def remove(self, keys: Iterable[str]) -> None:
        """Refuse."""
        for key in keys:
            self._refuse(key)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _size(self, key: str) -> int | None:
        with self._asking(key):
            response = self._client.head(self._at(key))
            if response.status_code in _NO_HEAD:
                with self._client.stream("GET", self._at(key)) as response:
                    return self._length(response, key)
            return self._length(response, key)

    def _length(self, response: httpx.Response, key: str) -> int | None:
        if response.status_code in _ABSENT:
            return None
        self._judge(response, key)
        length = response.headers.get("content-length")
        return int(length) if length is not None else len(self.read(key))

    def _at(self, key: str) -> str:
        return f"{self.url}/{check_key(key)}"

    def _refuse(self, key: str) -> NoReturn:
        raise Denied(f"{self.url}: a web server is only read, {key} was not written", key=check_key(key))

    def _judge(self, response: httpx.Response, key: str) -> None:
        status = response.status_code
        if status in _ABSENT:
            raise Missing(f"{self.url} does not hold {key}", key=key, url=self.url)
        if status in _REFUSED:
            raise Denied(f"{self.url} refused {key}: {status} {response.reason_phrase}", key=key)
        if status in _PASSING or status >= _SERVER:
            raise Unreachable(f"{self.url}: {status} {response.reason_phrase}", key=key)
        if status >= _ERROR:
            raise Denied(f"{self.url} refused {key}: {status} {response.reason_phrase}", key=key)

    @contextlib.contextmanager
    def _asking(self, key: str) -> Iterator[None]:
        try:
            yield
        except httpx.TooManyRedirects as error:
            raise Denied(f"{self.url}: {key} is redirected more than {_REDIRECTS} times", key=key) from error
        except httpx.HTTPError as error:
            raise Unreachable(f"{self.url}: {strip(str(error) or type(error).__name__)}", key=key) from error


def _stay_encrypted(response: httpx.Response) -> None:
    following = response.next_request
    if following is not None and response.url.scheme == "https" and following.url.scheme != "https":
        raise Denied(f"{strip(str(response.url))} redirects to an address that is not encrypted")


def _first(response: httpx.Response) -> int:
    """The offset at which a body begins."""
    if response.status_code != _PARTIAL:
        return 0
    match = _STARTS.match(response.headers.get("content-range", ""))
    return int(match["start"]) if match else 0


def _access(options: Mapping[str, str]) -> dict[str, str]:
    """The header that gives access, as DVC's options say: `auth = basic` or `custom`."""
    auth, password = options.get("auth", "").lower(), options.get("password", "")
    if auth == "custom":
        return {options.get("custom_auth_header", "Authorization"): password}
    if options.get("user") or auth == "basic":
        pair = f"{options.get('user', '')}:{password}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return {}
