"""`mlctl serve` in a terminal and for programs; what it serves is tested in `tests/verbs/test_serve.py`."""

import http.client
import json
import shlex
import signal
import subprocess
import sys

import pytest

from tests.verbs.served import Served


@pytest.fixture
def root(tmp_path):
    served = Served(tmp_path / "bikes")
    served.promote(1)
    return served.root


def test_the_banner_goes_to_stderr_and_its_curl_line_is_answered(root, terminals):
    process = subprocess.Popen(
        [sys.executable, "-m", "mlctl", "serve", "--port", "0"],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=terminals(root).environment(),
    )
    try:
        banner, line = process.stderr.readline(), process.stderr.readline()
        assert "serving demand@1 (production" in banner
        command, url, flag, body = shlex.split(line)
        assert (command, flag) == ("curl", "-d")
        connection = http.client.HTTPConnection(url.split("/")[2], timeout=30)
        connection.request("POST", "/" + url.split("/")[3], body.encode())
        assert json.loads(connection.getresponse().read())["version"] == 1
        connection.close()
        process.send_signal(signal.SIGTERM)
        out, rest = process.communicate(timeout=30)
        assert (process.returncode, out) == (0, "")
        assert "stopped by SIGTERM" in rest
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("arguments", "code", "id_"),
    [
        (("--workers", "4"), 2, "usage"),
        (("--port", "99999"), 2, "usage"),
        (("demand@9",), 20, "not_found"),
        (("demand@staging",), 20, "not_found"),
        (("demnad",), 20, "not_found"),
    ],
)
def test_what_cannot_be_served_is_told_in_one_document(root, terminals, arguments, code, id_):
    found, document = terminals(root).json("serve", *arguments)
    assert (found, document["error"]["id"], document["error"]["exit"]) == (code, id_, code)
    assert document["error"]["hints"]
