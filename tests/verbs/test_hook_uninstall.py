"""The hook goes, and what was there before it is there again."""

import subprocess

import pytest

from mlctl.domain.progress import silent
from mlctl.domain.requests.hook_install import HookInstallRequest
from mlctl.domain.requests.hook_uninstall import HookUninstallRequest
from mlctl.verbs.hook_install import hook_install
from mlctl.verbs.hook_uninstall import hook_uninstall


@pytest.fixture
def hook(tmp_path, monkeypatch):
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path / ".git/hooks/pre-push"


def uninstall(*, dry_run=False):
    request = HookUninstallRequest(dry_run=dry_run)
    return hook_uninstall(request, report=silent, command="mlctl hook uninstall").data


def install():
    hook_install(HookInstallRequest(), report=silent, command="mlctl hook install")


def test_nothing_is_left_where_nothing_was(hook):
    install()
    assert uninstall(dry_run=True).changed
    assert hook.exists()
    found = uninstall()
    assert (found.changed, found.restored) == (True, False)
    assert not hook.exists()
    assert not uninstall().changed


def test_the_hook_before_comes_back(hook):
    hook.write_text("#!/bin/sh\nexit 3\n")
    install()
    assert uninstall(dry_run=True).restored
    assert uninstall().restored
    assert hook.read_text() == "#!/bin/sh\nexit 3\n"


def test_somebody_elses_hook_stays(hook):
    hook.write_text("#!/bin/sh\nexit 3\n")
    assert not uninstall().changed
    assert hook.read_text() == "#!/bin/sh\nexit 3\n"
