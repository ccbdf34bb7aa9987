"""SSH beside the contract: who is let in, and lines that break."""

import pytest

from mlctl.builtin.remotes.ssh import SshRemote
from mlctl.domain.errors import Denied, Unreachable, UsageError
from mlctl.sharing.retry import RetryingStore
from tests.remote_servers import ssh_server


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "served").mkdir()
    with ssh_server(tmp_path / "served", tmp_path / "keys") as running:
        yield running


def opened(server, **options):
    chosen = {name: value for name, value in {**server.options, **options}.items() if value is not None}
    return SshRemote().open("ssh://127.0.0.1/store", chosen)


def test_a_server_that_is_not_known_is_refused_unless_the_user_says_otherwise(server, tmp_path):
    (tmp_path / "other").write_text("")
    with pytest.raises(Denied, match="not known here") as caught:
        opened(server, known_hosts=str(tmp_path / "other")).put("a", b"x")
    assert caught.value.hints == ("ssh 127.0.0.1 true",)
    with pytest.raises(Denied, match="not known here"):
        opened(server, known_hosts=None).put("a", b"x")
    store = opened(server, known_hosts="off")
    store.put("a", b"x")
    assert store.read("a") == b"x"
    store.close()


def test_a_login_that_is_refused_is_told(server, tmp_path):
    import asyncssh  # noqa: PLC0415 - beside the server alone

    asyncssh.generate_private_key("ssh-ed25519").write_private_key(tmp_path / "stranger")
    with pytest.raises(Denied, match="refused the login"):
        opened(server, keyfile=str(tmp_path / "stranger")).put("a", b"x")


def test_a_key_file_that_is_not_there_or_no_key_is_told(server, tmp_path):
    with pytest.raises(UsageError, match="no such key file"):
        opened(server, keyfile=str(tmp_path / "none"))
    (tmp_path / "text").write_text("no key")
    with pytest.raises(UsageError, match="key file"):
        opened(server, keyfile=str(tmp_path / "text")).put("a", b"x")


def test_a_line_that_broke_is_made_anew_by_the_next_call(server):
    store = RetryingStore(opened(server), pause=lambda _seconds: None)
    for number in range(4):
        store.put(f"k{number}", b"x" * number)
        server.drop()
    assert len([*store.list("")]) == 4
    store.close()


def test_nobody_answering_is_unreachable_and_leaves_no_doubt(server):
    with pytest.raises(Unreachable) as caught:
        opened(server, port="9").create("a", b"x")
    assert caught.value.facts["in_doubt"] is False


@pytest.mark.parametrize("url", ["ssh://", "ssh://user:secret@host/x"])
def test_a_url_with_a_password_is_refused_without_it(url):
    with pytest.raises(UsageError) as caught:
        SshRemote().open(url, {})
    assert "secret" not in caught.value.message


def test_the_configuration_of_ssh_gives_what_the_options_leave_open(server, tmp_path):
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/config").write_text(
        f"Host shelf\n  HostName 127.0.0.1\n  Port {server.port}\n  User tester\n"
        f"  IdentityFile {server.options['keyfile']}\n  UserKnownHostsFile {server.options['known_hosts']}\n"
    )
    store = SshRemote().open("ssh://shelf/store", {"allow_agent": "false"})
    store.put("a", b"x")
    assert store.read("a") == b"x"
    store.close()
