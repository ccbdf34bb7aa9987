"""Every shipped remote keeps the contract, against a real server of its kind."""

import re
from pathlib import Path

import pytest
from dvc.config_schema import REMOTE_SCHEMAS

from mlctl.builtin.remotes.dvc import DvcRemote
from mlctl.builtin.remotes.folder import FolderRemote, FolderStore
from mlctl.builtin.remotes.http import HttpRemote
from mlctl.builtin.remotes.s3 import S3Remote
from mlctl.builtin.remotes.ssh import SshRemote
from mlctl.contracts.registry import load, names
from mlctl.domain.errors import Missing
from mlctl.sharing.retry import RetryingStore
from mlctl.testing.remote_checks import check_read_only, check_remote
from tests.remote_servers import (
    _Ranges,
    make_bucket,
    openssh_server,
    s3_options,
    s3_server,
    ssh_server,
    sshd_program,
    web_server,
)

CONTENTS = {
    "files/md5/ab/cdef": bytes(range(256)) * 300,
    "files/md5/ab/cdef.dir": b"[]",
    "mlctl/format": b"{}",
}


def test_a_folder_keeps_the_contract(tmp_path):
    check_remote(lambda: FolderRemote().open(str(tmp_path / "store"), {}))


def test_a_folder_by_url_with_odd_characters_keeps_the_contract(tmp_path):
    url = (tmp_path / "with blank & ü").as_uri()
    check_remote(lambda: FolderRemote().open(url, {}), large=1000)
    assert (tmp_path / "with blank & ü" / "checks").is_dir()


def test_a_folder_that_is_tried_again_keeps_the_contract(tmp_path):
    check_remote(lambda: RetryingStore(FolderRemote().open(str(tmp_path / "store"), {})), large=1000)


def test_s3_keeps_the_contract():
    with s3_server() as endpoint:
        url = make_bucket(endpoint, "conformance")
        check_remote(lambda: S3Remote().open(url, s3_options(endpoint)), large=(1 << 24) + 70_000)


def test_ssh_keeps_the_contract(tmp_path):
    (tmp_path / "served").mkdir()
    with ssh_server(tmp_path / "served", tmp_path / "keys") as server:
        check_remote(lambda: SshRemote().open("ssh://127.0.0.1/some/where", server.options), large=9_000_000)
    where = tmp_path / "served/some/where"
    assert not [*(where / "+tmp").iterdir()]
    assert {path.stat().st_mode & 0o777 for path in (where / "checks").rglob("*") if path.is_file()} == {
        0o444
    }


@pytest.mark.skipif(sshd_program() is None, reason="OpenSSH's server is not installed")
def test_openssh_keeps_the_contract(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with openssh_server(tmp_path) as options:
        check_remote(lambda: SshRemote().open(f"ssh://127.0.0.1{tmp_path}/store", options))


def test_what_dvc_reaches_keeps_the_contract_but_for_creating(tmp_path):
    url = str(tmp_path / "store")
    check_remote(lambda: DvcRemote().open(url, {"jobs": "4"}), creates=False, large=1000)


class WithRanges(_Ranges):
    """A server that knows ranges, as most do."""

    def do_GET(self):  # noqa: N802 - the name that http.server calls
        match = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        path = self.translate_path(self.path)
        try:
            data = Path(path).read_bytes()
        except OSError:
            self.send_error(404)
            return
        start = int(match[1]) if match else 0
        if match and start >= len(data):
            self.send_error(416)
            return
        self.send_response(206 if match else 200)
        if match:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        self.wfile.write(data[start:])


@pytest.mark.parametrize("handler", [_Ranges, WithRanges])
def test_a_web_server_keeps_what_is_promised_of_reading(tmp_path, handler):
    for key, data in CONTENTS.items():
        file = tmp_path / "store" / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    with web_server(tmp_path, handler) as url:
        check_read_only(lambda: HttpRemote().open(f"{url}/store", {}), CONTENTS)


def test_remotes_are_found_by_the_schemes_that_they_open():
    assert {"file", "http", "https", "s3", "ssh", "dvc"} <= set(names("remotes"))
    for name in ("file", "http", "https", "s3", "ssh"):
        assert name in load("remotes", name).schemes


class Broken(FolderStore):
    """A folder with one promise broken; the checks must say so."""


def broken(folder, **methods):
    kind = type("Broken", (Broken,), methods)
    return lambda: kind(folder)


def _overwrites(self, key, data):
    self.put(key, data)
    return True


def _forgets_start(self, key, target, told, *, start=0):
    del start
    FolderStore.fetch(self, key, target, told, start=0)


def _half(self, key, data):
    path = self.folder / key
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for first in range(0, len(data), 1000):
            file.write(data[first : first + 1000])
            file.flush()


def _unsorted(self, prefix):
    yield from sorted(FolderStore.list(self, prefix), key=lambda one: one.key.lower(), reverse=True)


def _no_sizes(self, keys):
    del self
    return dict.fromkeys(keys, 0)


def _silent(self, key):
    try:
        return FolderStore.read(self, key)
    except Missing:
        return b""


def _anywhere(self, key):
    return self.folder / key


@pytest.mark.parametrize(
    ("methods", "complaint"),
    [
        ({"create": _overwrites}, "won"),
        ({"fetch": _forgets_start}, "fetch from"),
        ({"put": _half}, "a part"),
        ({"list": _unsorted}, "listing"),
        ({"sizes": _no_sizes}, "sizes"),
        ({"read": _silent}, "Missing"),
        ({"_path": _anywhere}, "InvalidName"),
    ],
)
def test_the_checks_find_a_broken_promise(tmp_path, methods, complaint):
    with pytest.raises(AssertionError, match=complaint):
        check_remote(broken(tmp_path, **methods), large=1000)


def test_keys_of_others_in_a_folder_are_not_listed(tmp_path):
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "a b").write_text("x")
    (tmp_path / "a").write_text("x")
    assert [one.key for one in FolderRemote().open(str(tmp_path), {}).list("")] == ["a"]


def test_no_option_that_dvc_knows_is_refused_by_a_remote_of_ours():
    for scheme in ("s3", "ssh", "http", "https"):
        dvcs = set(map(str, REMOTE_SCHEMAS[scheme])) - {"url"}
        assert dvcs <= load("remotes", scheme).options(f"{scheme}://host/x")
    dvcs = set(map(str, REMOTE_SCHEMAS[""])) - {"url"}
    assert load("remotes", "file").options("/x") == dvcs
