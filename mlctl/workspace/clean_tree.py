"""A clean work tree: the files of a commit and the uncommitted ones that were kept, in a folder of its own.

Nothing of the repository is touched: no index, no list of work trees, no hook.
"""

import io
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import msgspec

from mlctl.domain.errors import Corrupt, Missing
from mlctl.workspace.git import Uncommitted, find


def has_commit(root: Path, commit: str) -> bool:
    """Whether git has it, with its files."""
    return _git(root, "cat-file", "-e", f"{commit}^{{tree}}").returncode == 0


def is_shallow(root: Path) -> bool:
    """Whether git has only the newest commits, as in most jobs of CI."""
    repo = find(root)
    return repo is not None and (Path(repo.common_dir) / "shallow").exists()


def write_commit(root: Path, commit: str, folder: Path) -> Path:
    """Write a commit's files below an empty folder; where the project's own folder is there then.

    Raises:
        Missing: git lacks the commit, or a file of it.
    """
    repo = find(root)
    top = Path(str(repo.working_tree_dir)) if repo is not None else root
    index = folder.parent / f"{folder.name}.index"
    environment = os.environ | {"GIT_INDEX_FILE": str(index)}
    try:
        for words in (
            ("read-tree", commit),
            ("checkout-index", "--all", "--force", "--quiet", f"--prefix={folder}{os.sep}"),
        ):
            done = _git(top, *words, environment=environment)
            if done.returncode:
                said = done.stderr.decode("utf-8", "replace").strip()
                raise Missing(
                    f"git cannot write the files of commit {commit[:12]}: {said}", "git fsck", commit=commit
                )
    finally:
        index.unlink(missing_ok=True)
    inside = folder / os.path.relpath(os.path.realpath(root), os.path.realpath(top))
    inside.mkdir(parents=True, exist_ok=True)
    return Path(os.path.normpath(inside))


def write_patch(patch: bytes, folder: Path) -> list[Uncommitted]:
    """Lay the uncommitted files over a project's folder; those whose bytes were not kept.

    Raises:
        Corrupt: it is no such zip.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(patch)) as archive:
            manifest = msgspec.json.decode(archive.read("manifest.json"), type=list[Uncommitted])
            for entry in manifest:
                target = folder / entry.path
                if not Path(os.path.normpath(target)).is_relative_to(folder):
                    raise Corrupt(f"the record of uncommitted files names {entry.path}", "mlctl fsck")
                if entry.why == "deleted" or entry.state == "deleted":
                    target.unlink(missing_ok=True)
                elif entry.kept:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(archive.read(f"files/{entry.path}"))
    except (zipfile.BadZipFile, KeyError, msgspec.DecodeError) as error:
        raise Corrupt(f"the record of uncommitted files is damaged: {error}", "mlctl fsck") from error
    return [entry for entry in manifest if not entry.kept and entry.why != "deleted"]


def copy_tree(source: Path, target: Path) -> None:
    """Make `target` what `source` is, whatever it held."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)


def _git(
    folder: Path, *words: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        return subprocess.CompletedProcess(words, 127, b"", b"there is no git program")
