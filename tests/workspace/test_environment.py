"""Who acts and where."""

import subprocess
import sys
from importlib.metadata import version

import pytest

from mlctl.workspace.environment import actor, environment, installed_packages


@pytest.fixture
def alone(tmp_path, monkeypatch):
    """A git repository whose configuration is nobody else's."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in (
        "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL",
        "BUILDKITE", "TF_BUILD",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "project"
    root.mkdir()
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


def configure(root, key, value):
    subprocess.run(["git", "-C", str(root), "config", key, value], check=True)


def test_the_actor_is_who_git_says(alone):
    configure(alone, "user.name", 'Ada Lovelace = "A"')
    configure(alone, "user.email", "ada@example.org")
    found = actor(alone)
    assert (found.name, found.email, found.via) == ('Ada Lovelace = "A"', "ada@example.org", "terminal")
    assert found.user
    assert found.host


def test_without_a_git_identity_the_user_and_the_host_remain(alone):
    found = actor(alone)
    assert (found.name, found.email) == (None, None)
    assert found.user


def test_without_git_the_user_and_the_host_remain(alone, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert actor(alone).name is None


def test_git_s_own_environment_variables_win(alone, monkeypatch):
    configure(alone, "user.name", "Ada")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Grace")
    assert actor(alone).name == "Grace"


@pytest.mark.parametrize(
    ("value", "via"), [("true", "ci"), ("1", "ci"), ("false", "terminal"), ("", "terminal")]
)
def test_a_ci_variable_says_that_ci_acts(alone, monkeypatch, value, via):
    monkeypatch.setenv("CI", value)
    assert actor(alone).via == via


def test_the_loop_says_so_itself(alone, monkeypatch):
    monkeypatch.setenv("CI", "true")
    assert actor(alone, via="loop").via == "loop"


def test_packages_are_those_that_importlib_finds():
    found = environment()
    assert found.python == ".".join(map(str, sys.version_info[:3]))
    assert found.packages["scikit-learn"] == version("scikit-learn")
    assert found.packages["msgspec"] == version("msgspec")
    assert found.cpus >= 1


def test_the_first_folder_on_the_path_wins(tmp_path):
    for folder, number in (("first", "2.0"), ("second", "1.0")):
        (tmp_path / folder / f"Some.Thing-{number}.dist-info").mkdir(parents=True)
    folders = [str(tmp_path / name) for name in ("missing", "first", "second")]
    assert installed_packages(folders) == {"some-thing": "2.0"}


def test_neither_gitpython_nor_importlib_metadata_is_imported():
    heavy = "git", "importlib.metadata", "subprocess"
    code = f"import sys, mlctl.workspace.environment; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
