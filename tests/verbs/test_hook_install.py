"""Git's hook is put there once, in front of what is there, and no crash leaves git without a hook."""

import os
import subprocess
from pathlib import Path

import pytest

from mlctl.domain.errors import AlreadyExists, NoRepository
from mlctl.domain.progress import silent
from mlctl.domain.requests.hook_install import HookInstallRequest
from mlctl.verbs.hook_install import hook_install

FOREIGN = "#!/bin/sh\nexit 0\n"


@pytest.fixture
def hooks(tmp_path, monkeypatch):
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "r")], check=True)
    monkeypatch.chdir(tmp_path / "r")
    return tmp_path / "r/.git/hooks"


def install(*, dry_run=False):
    return hook_install(HookInstallRequest(dry_run=dry_run), report=silent, command="mlctl hook install")


def test_it_is_installed_once_and_in_a_dry_run_not_at_all(hooks):
    assert install(dry_run=True).data.changed
    assert not (hooks / "pre-push").exists()
    assert install().data.changed
    assert os.access(hooks / "pre-push", os.X_OK)
    assert not install().data.changed
    assert not install(dry_run=True).data.changed


def test_from_a_subfolder_too_and_not_outside_of_git(hooks, tmp_path, monkeypatch):
    (tmp_path / "r/sub").mkdir()
    monkeypatch.chdir(tmp_path / "r/sub")
    install()
    assert (hooks / "pre-push").is_file()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoRepository):
        install()


def test_a_hook_that_is_there_is_kept_and_a_killed_run_is_finished(hooks):
    (hooks / "pre-push").write_text(FOREIGN)
    os.link(hooks / "pre-push", hooks / "pre-push.before-mlctl")  # killed here: both names are the old hook
    found = install().data
    assert found.before is not None
    assert (hooks / "pre-push.before-mlctl").read_text() == FOREIGN
    assert "mlctl hook run" in (hooks / "pre-push").read_text()


def test_a_hook_that_is_a_link_stays_the_link(hooks):
    (hooks / "shared").write_text(FOREIGN)
    (hooks / "pre-push").symlink_to("shared")
    install()
    assert (hooks / "pre-push.before-mlctl").readlink() == Path("shared")
    assert (hooks / "shared").read_text() == FOREIGN


def test_an_older_text_and_a_lost_permission_are_renewed(hooks):
    install()
    text = (hooks / "pre-push").read_text()
    (hooks / "pre-push").write_text(text + "# older\n")
    assert install().data.changed
    (hooks / "pre-push").chmod(0o644)
    assert install().data.changed
    assert (hooks / "pre-push").read_text() == text


def test_where_pre_commit_calls_it_under_another_name_it_is_installed(hooks):
    install()
    (hooks / "pre-push").rename(hooks / "pre-push.legacy")
    (hooks / "pre-push").write_text(FOREIGN)
    assert not install().data.changed
    assert (hooks / "pre-push").read_text() == FOREIGN


def test_two_foreign_hooks_are_no_guess(hooks):
    (hooks / "pre-push").write_text(FOREIGN)
    install()
    (hooks / "pre-push").write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(AlreadyExists, match="another program has replaced"):
        install()
    assert (hooks / "pre-push.before-mlctl").read_text() == FOREIGN


def test_hooks_of_many_repositories_are_warned_of(hooks, tmp_path):
    subprocess.run(["git", "config", "core.hooksPath", str(tmp_path / "everywhere")], check=True)
    found = install()
    assert (tmp_path / "everywhere/pre-push").is_file()
    assert "serves other repositories too" in found.warnings[0]
    assert not (hooks / "pre-push").exists()
