"""Which remote is meant, and with which options."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from mlctl.domain.errors import NotFound, UsageError
from mlctl.project.remote_stores import data_setting, open_data_store, remote_setting
from mlctl.transport.data_transfer import download_data, lacking_on_remote, upload_data
from mlctl.workspace.dvc_remotes import name_remote


def config(project, text, name="config.toml"):
    path = project.root / ".mlctl" / name
    old = path.read_text() if path.exists() else ""
    path.write_text(old + text)


def test_the_only_remote_is_the_default_and_a_path_begins_at_the_project(project):
    config(project, '\n[remotes.origin]\nurl = "../store"\n')
    assert remote_setting(project.session()).url == str(project.root.parent / "store")
    assert data_setting(project.session()).origin == "mlctl"


def test_of_two_the_marked_one_is_the_default(project):
    config(project, '\n[remotes.a]\nurl = "/a"\n[remotes.b]\nurl = "/b"\n')
    with pytest.raises(NotFound, match="which remote"):
        remote_setting(project.session())
    config(project, "default = true\n")
    assert remote_setting(project.session()).name == "b"
    assert remote_setting(project.session(), "a").name == "a"


def test_no_remote_is_told(project):
    with pytest.raises(NotFound, match="there is no remote"):
        remote_setting(project.session())
    with pytest.raises(NotFound, match="no remote 'x'"):
        remote_setting(project.session(), "x")


def test_private_settings_win_and_the_environment_over_them(project, monkeypatch):
    config(project, '\n[remotes.origin]\nurl = "ssh://host/x"\nuser = "a"\n')
    config(project, '[remotes.origin]\nuser = "b"\npassword = "p"\n', "config.local.toml")
    assert remote_setting(project.session()).options == {"user": "b", "password": "p"}
    monkeypatch.setenv("MLCTL_REMOTE_ORIGIN_PASSWORD", "q")
    assert remote_setting(project.session()).options == {"user": "b", "password": "q"}


def test_a_credential_in_the_tracked_file_is_refused_and_not_shown(project):
    config(project, '\n[remotes.origin]\nurl = "ssh://host/x"\npassword = "hunter2"\n')
    with pytest.raises(UsageError, match=r"config\.local\.toml") as caught:
        remote_setting(project.session())
    assert "hunter2" not in caught.value.message


def dvc(project, text, name="config"):
    path = project.root / ".dvc" / name
    path.write_text((path.read_text() if path.exists() else "") + text)


def test_dvcs_default_remote_is_where_the_data_are(project):
    config(project, '\n[remotes.origin]\nurl = "/elsewhere"\n')
    dvc(project, "[core]\n    remote = storage\n['remote \"storage\"']\n    url = ../../store\n")
    found = data_setting(project.session())
    assert (found.name, found.origin) == ("storage", "dvc")
    assert found.url == str(project.root.parent / "store")
    assert remote_setting(project.session()).url == "/elsewhere"


def test_a_remote_below_another_one_inherits_its_options(project):
    dvc(
        project,
        "[core]\nremote = sub\n['remote \"base\"']\nurl = s3://bucket/a\nregion = eu\n"
        "['remote \"sub\"']\nurl = remote://base/b/c\n",
    )
    found = data_setting(project.session())
    assert (found.url, found.options) == ("s3://bucket/a/b/c", {"region": "eu"})


def test_dvcs_private_settings_are_used_and_a_tracked_secret_is_warned_of(project):
    dvc(project, "[core]\nremote = s\n['remote \"s\"']\nurl = s3://b/p\nsecret_access_key = tracked\n")
    dvc(project, "['remote \"s\"']\naccess_key_id = id\n", "config.local")
    session = project.session()
    assert data_setting(session).options == {"access_key_id": "id", "secret_access_key": "tracked"}
    assert len(session.warnings) == 1
    assert "tracked" not in session.warnings[0].replace("git tracks", "")


def test_a_keyfile_begins_at_its_configuration(project):
    dvc(project, "[core]\nremote = s\n['remote \"s\"']\nurl = ssh://h/p\n")
    dvc(project, "['remote \"s\"']\nkeyfile = keys/id\n", "config.local")
    assert data_setting(project.session()).options["keyfile"] == str(project.root / ".dvc/keys/id")


def test_bytes_go_up_and_come_down_by_these_settings(project, tmp_path):
    dvc(project, f"[core]\nremote = s\n['remote \"s\"']\nurl = {tmp_path / 'store'}\n")
    data = b"some bytes"
    md5 = "9d0568469d206c1aedf1b71f12f474bc"
    cached = project.root / ".mlctl/cache/files/md5" / md5[:2] / md5[2:]
    cached.parent.mkdir(parents=True)
    cached.write_bytes(data)
    assert lacking_on_remote(project.session(), [md5]) == {md5}
    assert upload_data(project.session(), [md5]).files == 1
    assert lacking_on_remote(project.session(), [md5]) == set()
    cached.unlink()
    assert download_data(project.session(), [md5]).bytes == len(data)
    assert cached.read_bytes() == data
    with closing(open_data_store(project.session())) as store:
        assert store.read(f"files/md5/{md5[:2]}/{md5[2:]}") == data


def test_dvcs_remote_at_the_url_of_one_of_ours_has_its_options_too(project):
    """`remote add` writes both; DVC is not told credentials, and does not know every option."""
    config(project, '\n[remotes.origin]\nurl = "ssh://host/x"\nknown_hosts = "off"\nport = 1\n')
    config(project, '[remotes.origin]\npassword = "p"\n', "config.local.toml")
    dvc(project, "[core]\nremote = store\n['remote \"store\"']\nurl = ssh://host/x\nport = 2\n")
    assert data_setting(project.session()).options == {"known_hosts": "off", "port": "2", "password": "p"}


def test_dvc_is_told_the_options_that_it_knows_and_no_secret(project):
    for key in ("endpointurl", "region", "known_hosts", "part_of_nothing", "secret_access_key", "keyfile"):
        assert key in OPTIONS
    assert name_remote(project.root, "origin", "s3://bucket/x", OPTIONS)
    text = (project.root / ".dvc/config").read_text()
    assert "endpointurl = http://e" in text
    assert "region = eu" in text
    assert not any(value in text for value in ("off", "nothing", "hidden", "/keys"))
    listed = subprocess.run(
        [Path(sys.executable).with_name("dvc"), "remote", "list"],
        cwd=project.root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "s3://bucket/x" in listed.stdout


OPTIONS = {
    "endpointurl": "http://e",
    "region": "eu",
    "known_hosts": "off",
    "part_of_nothing": "nothing",
    "secret_access_key": "hidden",
    "keyfile": "/keys/id",
}
