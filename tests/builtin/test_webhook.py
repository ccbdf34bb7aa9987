"""Against a real HTTP server on this machine."""

import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mlctl.builtin.trackers.webhook import WebhookTracker
from mlctl.contracts import registry
from mlctl.domain.errors import Denied, Unreachable, UsageError

EVENT = {
    "kind": "promote",
    "number": 7,
    "sha256": "a" * 64,
    "time": "2026-11-23T12:00:00.000Z",
    "changes": [],
    "reason": None,
}


class Receiver(ThreadingHTTPServer):
    """Answers with the statuses it is told to, one after another, the last one for ever."""

    def __init__(self):
        self.statuses = [200]
        self.got = []
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hook"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.append((self.path, dict(self.headers.items()), body))
        statuses = self.server.statuses
        self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
        self.send_header("location", "/elsewhere")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_event_is_posted_as_json_with_the_decisions_digest(receiver):
    WebhookTracker().tell(EVENT, {"url": receiver.url})
    [(path, headers, body)] = receiver.got
    assert path == "/hook"
    assert json.loads(body) == EVENT
    assert headers["content-type"] == "application/json"
    assert headers["x-mlctl-delivery"] == "a" * 64
    assert "authorization" not in headers


def test_token_and_signature_come_from_the_environment(receiver, monkeypatch):
    monkeypatch.setenv("HOOK_TOKEN", "open sesame")
    monkeypatch.setenv("HOOK_SECRET", "key")
    WebhookTracker().tell(
        EVENT, {"url": receiver.url, "token_env": "HOOK_TOKEN", "secret_env": "HOOK_SECRET"}
    )
    [(_, headers, body)] = receiver.got
    assert headers["authorization"] == "Bearer open sesame"
    assert headers["x-mlctl-signature"] == "sha256=" + hmac.new(b"key", body, hashlib.sha256).hexdigest()


def test_an_environment_variable_that_is_not_set_sends_nothing(receiver, monkeypatch):
    monkeypatch.delenv("HOOK_TOKEN", raising=False)
    with pytest.raises(UsageError, match="HOOK_TOKEN"):
        WebhookTracker().tell(EVENT, {"url": receiver.url, "token_env": "HOOK_TOKEN"})
    assert receiver.got == []


def test_a_server_error_is_tried_once_more(receiver):
    receiver.statuses = [503, 200]
    WebhookTracker().tell(EVENT, {"url": receiver.url})
    assert len(receiver.got) == 2


@pytest.mark.parametrize(
    ("status", "tries", "error"),
    [(500, 2, Unreachable), (404, 1, Unreachable), (401, 1, Denied), (403, 1, Denied), (302, 1, Unreachable)],
)
def test_what_is_no_success_is_an_error_and_redirects_are_not_followed(receiver, status, tries, error):
    receiver.statuses = [status]
    with pytest.raises(error, match=str(status)):
        WebhookTracker().tell(EVENT, {"url": receiver.url})
    assert [path for path, _, _ in receiver.got] == ["/hook"] * tries


def test_nobody_listening_is_unreachable():
    server = Receiver()
    server.server_close()
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1"):
        WebhookTracker().tell(EVENT, {"url": server.url, "timeout": 1})


@pytest.mark.parametrize("options", [{}, {"url": "ftp://example.org"}, {"url": "file:///etc/passwd"}])
def test_only_http_addresses_are_posted_to(options):
    with pytest.raises(UsageError):
        WebhookTracker().tell(EVENT, options)


def test_it_is_found_by_its_entry_point():
    assert type(registry.load("trackers", "webhook")).__name__ == "WebhookTracker"
