"""`.pre-commit-hooks.yaml` is what pre-commit reads, and what it names does what it says."""

import os
import shlex
import subprocess

import pytest
from ruamel.yaml import YAML

from mlctl.cli import table
from mlctl.cli.refs import refs_of_pre_commit
from tests.e2e.projects import PROGRAM, ROOT, small

HOOKS = YAML(typ="safe").load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
ALLOWED = {
    "id", "name", "description", "entry", "language", "pass_filenames", "always_run", "stages",
}  # fmt: skip
CHANGED = 43
INCOMPLETE = 62


def hook(name):
    return next(one for one in HOOKS if one["id"] == name)


def run(name, folder, **more):
    """As pre-commit runs a hook: at the top of the repository, with nothing on stdin."""
    environment = {**os.environ, "PATH": f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}", **more}
    return subprocess.run(
        shlex.split(hook(name)["entry"]),
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def git(folder, *arguments):
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hooked") / "small"
    assert small(folder).run("init").returncode == 0
    with (folder / ".mlctl/config.toml").open("a") as config:
        config.write('\n[remotes.origin]\nurl = "../store"\n')
    return folder


def test_every_hook_has_what_pre_commit_needs_and_names_a_command():
    assert len({one["id"] for one in HOOKS}) == len(HOOKS)
    for one in HOOKS:
        assert set(one) <= ALLOWED
        assert {"id", "name", "entry", "language"} <= set(one)
        assert set(one["stages"]) <= {"pre-commit", "pre-push"}
        program, group, command, *_ = shlex.split(one["entry"])
        assert (program, one["pass_filenames"]) == ("mlctl", False)
        assert f"{group} {command}" in table.COMMANDS


def test_a_commit_waits_for_a_version_and_a_push_for_the_data(project):
    assert run("mlctl-data-status", project).returncode == CHANGED
    assert small(project).run("data", "add").returncode == 0
    assert run("mlctl-data-status", project).returncode == 0
    assert run("mlctl-data-remote", project).returncode == CHANGED
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "-m", "rides")
    pushed = {
        "PRE_COMMIT_TO_REF": git(project, "rev-parse", "HEAD"),
        "PRE_COMMIT_REMOTE_NAME": "origin",
        "PRE_COMMIT_REMOTE_URL": "../shared.git",
        "PRE_COMMIT_LOCAL_BRANCH": "refs/heads/main",
        "PRE_COMMIT_REMOTE_BRANCH": "refs/heads/main",
    }
    refused = run("mlctl-pre-push", project, **pushed)
    assert refused.returncode == INCOMPLETE
    assert "rides.csv.dvc" in refused.stderr
    known = run("mlctl-pre-push", project, **pushed, PRE_COMMIT_FROM_REF=pushed["PRE_COMMIT_TO_REF"])
    assert known.returncode == 0


def test_outside_of_a_push_pre_commit_pushes_nothing():
    assert refs_of_pre_commit({}) == ""
    assert refs_of_pre_commit({"PRE_COMMIT_FROM_REF": "a", "PRE_COMMIT_TO_REF": "b"}) == ""
