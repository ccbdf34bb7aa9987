"""What a hook is told, and refuses to be told; whole pushes are in `tests/e2e/test_pre_push.py`."""

import subprocess

import pytest

from mlctl.domain.errors import Incomplete, UsageError
from mlctl.domain.progress import silent
from mlctl.domain.requests.hook_run import HookRunRequest
from mlctl.verbs.hook_run import hook_run

ZERO = "0" * 40


def run(refs, hook="pre-push"):
    return hook_run(
        HookRunRequest(hook=hook, remote="origin", refs=refs), report=silent, command="mlctl"
    ).data


@pytest.fixture
def head(project):
    def commit():
        git = ["git", "-C", str(project.root), "-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
        subprocess.run([*git, "add", "--all"], check=True)
        subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", "x"], check=True)
        return subprocess.run(
            ["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True
        ).stdout.strip()

    return commit


def test_an_unknown_hook_and_lines_that_are_no_refs_are_refused():
    with pytest.raises(UsageError, match="no hook 'post-push'"):
        run("", "post-push")
    with pytest.raises(UsageError, match="in 4 words a line"):
        run("refs/heads/main\n")


def test_nothing_is_pushed_by_nothing_a_delete_or_what_is_there(head):
    commit = head()
    assert run("").pointers == 0
    assert run(f"(delete) {ZERO} refs/heads/x {commit}\n").pointers == 0
    assert run(f"refs/heads/main {commit} refs/heads/main {commit}\n").pointers == 0


def test_a_commit_of_the_other_side_that_is_not_here_is_no_obstacle(head):
    assert run(f"refs/heads/main {head()} refs/heads/main {'ab' * 20}\n").pointers == 0


def test_a_pointer_that_cannot_be_read_refuses(head, project):
    project.write("a.dvc", "<<<<<<< ours\n")
    (project.root / ".mlctl/config.toml").open("a").write('\n[remotes.o]\nurl = "../store"\n')
    commit = head()
    with pytest.raises(Incomplete, match=r"a\.dvc in commit .* is no pointer that can be read"):
        run(f"refs/heads/main {commit} refs/heads/main {ZERO}\n")


def test_files_of_no_project_that_have_such_a_name_are_no_pointers(tmp_path, monkeypatch):
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.dvc").write_text("anything")
    git = ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "x"], check=True)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout
    assert run(f"refs/heads/main {commit.strip()} refs/heads/main {ZERO}\n").urls == ()
