"""One bucket for mlctl and the real dvc: what either pushes the other pulls, byte for byte."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.projects import environment
from tests.remote_servers import make_bucket, s3_server

PROGRAMS = Path(sys.executable).parent


@pytest.fixture
def run(tmp_path):
    """Runs a program in the project, with credentials in the environment alone."""
    access = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "HOME": str(tmp_path)}

    def act(*command):
        done = subprocess.run(
            [PROGRAMS / command[0], *command[1:]], cwd=tmp_path / "signs", env=environment(**access),
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    (tmp_path / "signs").mkdir()
    return act


@pytest.mark.slow
def test_what_either_pushes_to_s3_the_other_pulls(tmp_path, run):
    root = tmp_path / "signs"
    with s3_server() as endpoint:
        url = make_bucket(endpoint, "both-ways")
        run("mlctl", "init", ".", "--template", "bare")
        files = {f"{number % 3}/{number}.txt": f"sign {number}\n" * number for number in range(12)}
        write(root, files)
        run("mlctl", "data", "add", "images")
        options = ("--option", f"endpointurl={endpoint}", "--option", "region=us-east-1")
        run("mlctl", "remote", "add", "origin", url, *options)
        run("mlctl", "push")
        wipe(root)
        run("dvc", "pull", "-q")
        assert read(root) == files
        write(root, {"new.txt": "by dvc\n"})
        run("dvc", "add", "-q", "images")
        run("dvc", "push", "-q")
        assert "complete" in run("mlctl", "data", "status", "--remote")
        wipe(root)
        run("mlctl", "pull")
        assert read(root) == {**files, "new.txt": "by dvc\n"}


def write(root, files):
    for name, text in files.items():
        file = root / "images" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def read(root):
    top = root / "images"
    return {str(file.relative_to(top)): file.read_text() for file in top.rglob("*") if file.is_file()}


def wipe(root):
    """The bytes here go: work tree and cache."""
    shutil.rmtree(root / "images")
    shutil.rmtree(root / ".mlctl/cache/files")
