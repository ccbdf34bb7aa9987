"""A web server beside the contract: redirects, access, answers that break off."""

import base64
import http.server

import pytest

from mlctl.builtin.remotes.http import HttpRemote
from mlctl.domain.errors import Denied, Missing, Unreachable, UsageError
from mlctl.sharing.retry import RetryingStore
from tests.remote_servers import web_server

DATA = bytes(range(256)) * 400


class Answers(http.server.SimpleHTTPRequestHandler):
    """Answers as the path says, and notes who asked."""

    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, str | None]] = []  # noqa: RUF012 - one for all requests, as http.server makes handlers
    cuts = 0

    def log_message(self, *args):
        """Say nothing."""

    def do_GET(self):
        kind = self.path.rsplit("/", 1)[-1]
        self.seen.append((self.path, self.headers.get("Authorization")))
        if kind.isdigit():
            self._empty(int(kind))
        elif kind == "loop":
            self._empty(302, Location=self.path)
        elif kind.startswith("to-"):
            self._empty(302, Location=f"http://localhost:{kind[3:]}/away")
        elif kind == "cut":
            self._cut()
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(len(DATA)))
            self.end_headers()
            self.wfile.write(DATA)

    def _empty(self, status, **headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": "0"}.items():
            self.send_header(name, value)
        self.end_headers()

    def _cut(self):
        """A third of what was asked for, three times; then all of it."""
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        type(self).cuts += 1
        body = DATA[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(DATA) - 1}/{len(DATA)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 3] if self.cuts < 4 else body)
        self.close_connection = True


@pytest.fixture
def url(tmp_path):
    Answers.seen, Answers.cuts = [], 0
    with web_server(tmp_path, Answers) as served:
        yield served


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, Denied), (403, Denied), (404, Missing), (410, Missing), (418, Denied), (429, Unreachable),
     (500, Unreachable), (503, Unreachable)],
)  # fmt: skip
def test_what_an_answer_means(url, status, error):
    with pytest.raises(error):
        HttpRemote().open(url, {}).read(str(status))


def test_a_loop_of_redirects_ends(url):
    with pytest.raises(Denied, match="redirected more than 5"):
        HttpRemote().open(url, {}).read("loop")
    assert len(Answers.seen) == 6


def test_credentials_do_not_follow_a_redirect_to_another_host(url):
    port = url.rsplit(":", 1)[1]
    options = {"auth": "basic", "user": "ann", "password": "secret"}
    assert HttpRemote().open(url, options).read(f"to-{port}") == DATA
    assert Answers.seen[0][1] == "Basic " + base64.b64encode(b"ann:secret").decode()
    assert Answers.seen[1] == ("/away", None)


def test_a_header_of_ones_own_gives_access_where_dvc_is_told_so(url):
    options = {"auth": "custom", "custom_auth_header": "Authorization", "password": "Token abc"}
    HttpRemote().open(url, options).read("x")
    assert Answers.seen == [("/x", "Token abc")]


def test_an_answer_that_breaks_off_is_continued(url, tmp_path):
    target = tmp_path / "target"
    target.touch()
    store = RetryingStore(HttpRemote().open(url, {}), pause=lambda _seconds: None)
    told = []
    store.fetch("cut", target, told.append)
    assert target.read_bytes() == DATA
    assert sum(told) == len(DATA)
    assert Answers.cuts == 4


def test_nobody_answering_is_unreachable():
    with pytest.raises(Unreachable):
        HttpRemote().open("http://127.0.0.1:9", {}).read("x")


@pytest.mark.parametrize(
    "url", ["http://", "https://ann:secret@host/x", "http://host/x?signature=secret", "http://host/#x"]
)
def test_a_url_that_cannot_be_a_store_is_refused_without_its_credentials(url):
    with pytest.raises(UsageError) as caught:
        HttpRemote().open(url, {})
    assert "secret" not in caught.value.message
