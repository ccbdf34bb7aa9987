"""Other repositories to import from: made by git and mlctl, as somebody else's project would be."""

import os
import subprocess
from pathlib import Path

from mlctl.domain.progress import silent
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.init import InitRequest
from mlctl.project.session import Session
from mlctl.store.repository import Repository
from mlctl.verbs.data_add import data_add
from mlctl.verbs.init import init

NAME = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")


def git(folder: Path, *arguments: str) -> str:
    """Run git; what it prints."""
    done = subprocess.run(["git", *NAME, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(folder: Path, message: str) -> None:
    """Commit everything."""
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", message)


def make_repository(root: Path) -> Path:
    """A repository with `plain.csv` and `code/` in git, `data/img/` and `data/rides.csv` versioned."""
    init(InitRequest(directory=str(root), template="bare"), report=silent, command="mlctl init")
    files = {
        "plain.csv": "a\n1\n",
        "code/a.txt": "a",
        "code/deep/b.txt": "b",
        "data/img/a/1.txt": "one",
        "data/img/2.bin": "two",
        "data/rides.csv": "n\n" + "".join(f"{n}\n" for n in range(28)),
    }
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    here = Path.cwd()
    os.chdir(root)
    try:
        data_add(Session(Repository.find(root)), DataAddRequest(paths=("data/img", "data/rides.csv")))
    finally:
        os.chdir(here)
    commit(root, "one")
    return root
