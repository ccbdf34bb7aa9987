"""Git, as far as mlctl needs it: which commit, what is uncommitted, what is tracked. Never commits.

A project may be the top of a git repository, a subfolder of one, or in none at all.
"""

import fnmatch
import hashlib
import io
import json
import os
import re
import shutil
import stat
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import git
import msgspec

from mlctl.domain.errors import Corrupt, NotInstalled
from mlctl.domain.run import CodeState

LARGE = 1 << 20
"""Bytes; larger uncommitted files are recorded by hash only."""

_SECRET = (
    ".env", ".env.*", "*.env", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.gpg",
    "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", ".netrc", "_netrc", ".pypirc", ".npmrc", ".pgpass",
    ".htpasswd", ".aws", ".ssh", ".gnupg", ".kube", "*secret*", "*credential*", "*password*", "*passwd*",
    "*api_key*", "*apikey*", "*api-key*", "*token*",
)  # fmt: skip
_EPOCH = (1980, 1, 1, 0, 0, 0)
_RAW = re.compile(rb":[0-7]+ [0-7]+ ([0-9a-f]{40,64}) ([0-9a-f]{40,64}) ")
_STAGED = re.compile(rb"[0-7]+ ([0-9a-f]{40,64}) [0-3]\t")
_STATES = {"?": "untracked", "A": "added", "D": "deleted"}


class Uncommitted(msgspec.Struct, frozen=True, kw_only=True):
    """A file that differs from the commit.

    Attributes:
        path: relative to the project, with "/"; bytes that are no UTF-8 are escaped.
        state: "untracked", "added", "deleted" or "modified".
        kept: whether its bytes are in the zip, as `files/<path>`.
        why: why not: "large", "secret", "deleted", "link" or "unreadable".
    """

    path: str
    state: str
    kept: bool
    why: str = ""
    size: int | None = None
    sha256: str | None = None


def find(root: Path) -> git.Repo | None:
    """The git repository that the folder stands in, or None."""
    try:
        return git.Repo(root, search_parent_directories=True)
    except (git.InvalidGitRepositoryError, git.NoSuchPathError):
        return None


def require() -> None:
    """Nothing, where there is a git program.

    Raises:
        NotInstalled: there is none.
    """
    if shutil.which("git") is None:
        raise NotInstalled(
            "git is not installed, and a project needs it: https://git-scm.com/downloads", program="git"
        )


def create(root: Path) -> None:
    """Make an empty git repository.

    Raises:
        NotInstalled: there is no git program.
    """
    require()
    git.Repo.init(root)


def head(root: Path) -> tuple[str | None, str | None]:
    """(commit, branch): commit None without commits or without git, branch None where HEAD is detached."""
    repo = find(root)
    if repo is None:
        return None, None
    branch = None if repo.head.is_detached else repo.active_branch.name
    return (repo.head.commit.hexsha if repo.head.is_valid() else None), branch


def work_trees(root: Path) -> list[Path]:
    """The work trees of the git repository that `root` stands in, the main one first; [root] outside git."""
    repo = find(root)
    if repo is None or not _runs():
        return [root]
    try:
        listed: bytes = repo.git.worktree("list", "--porcelain", "-z", stdout_as_string=False)
    except git.GitCommandError:  # before git 2.36 there is no -z
        listed = repo.git.worktree("list", "--porcelain", stdout_as_string=False).replace(b"\n", b"\0")
    found = [Path(os.fsdecode(line[9:])) for line in listed.split(b"\0") if line.startswith(b"worktree ")]
    return [path for path in found if path.is_dir()]


def kept_blobs(root: Path, patterns: Iterable[str]) -> Iterator[bytes]:
    """The bytes of every file with such a name that git keeps, each once.

    That is of all branches, tags, stashes, reflogs and detached heads, and of the index of every work tree.

    Args:
        root: a folder of the repository.
        patterns: of names, in all folders ("*.dvc").

    Raises:
        Corrupt: git cannot read its own history.
        NotInstalled: there is a history, and no git to read it.
    """
    repo = find(root)
    if repo is None:
        if any((folder / ".git").exists() for folder in (root, *root.parents)):
            raise Corrupt(f"git does not know the repository that {root} stands in any more", "git status")
        return
    if not _runs():
        raise NotInstalled("git is not installed, and only it knows what its history needs", program="git")
    paths = [f":(top){pattern}" for pattern in patterns]
    how = [
        "--all",
        "--reflog",
        "--full-history",
        "-m",
        "--root",
        "--no-renames",
        "--no-abbrev",
        "--raw",
        "-z",
    ]
    try:
        log: bytes = repo.git.log(*how, "--format=", "--", *paths, stdout_as_string=False)
        names = {name for pair in _RAW.findall(log) for name in pair}
        for tree in work_trees(root):
            index: bytes = git.Git(tree).ls_files("--stage", "-z", "--", *paths, stdout_as_string=False)
            names |= set(_STAGED.findall(index))
        for name in sorted(names):
            if name.strip(b"0"):
                yield bytes(repo.git.get_object_data(name.decode())[3])
    except (git.GitCommandError, ValueError) as error:
        raise Corrupt(f"git cannot read the history of {root}: {error}", "git fsck") from error


def code_state(root: Path) -> tuple[CodeState, bytes | None]:
    """The commit and what is not committed, of the project's folder.

    Returns:
        The state (its `patch` is for the caller to fill in), and a zip of the uncommitted files with a
        `manifest.json`; None where there are none. Equal states give equal bytes. Without git the commit is
        None and nothing is dirty.
    """
    repo = find(root)
    if repo is None or not _runs():
        return CodeState(commit=None, dirty=False), None
    commit, branch = head(root)
    changed = list(_changed(repo, root))
    if not changed:
        return CodeState(commit=commit, dirty=False, branch=branch), None
    return CodeState(commit=commit, dirty=True, branch=branch), _zipped(root, changed)


def looks_secret(path: str) -> bool:
    """Whether a name on the path says that nobody should copy it."""
    return any(fnmatch.fnmatchcase(part.lower(), pattern) for part in Path(path).parts for pattern in _SECRET)


def _runs() -> bool:
    return shutil.which("git") is not None


def _changed(repo: git.Repo, root: Path) -> Iterator[tuple[str, str]]:
    """(path relative to the project, state) of what differs from the commit, sorted."""
    tree = Path(str(repo.working_tree_dir))
    output: bytes = repo.git.status(
        "--porcelain=v1",
        "-z",
        "--untracked-files=all",
        "--no-renames",
        "--",
        str(root),
        stdout_as_string=False,
    )
    items = []
    for item in output.split(b"\0"):
        if item:
            path = os.fsdecode(item[3:]).rstrip("/")
            state = next((_STATES[code] for code in item[:2].decode() if code in _STATES), "modified")
            items.append((Path(os.path.relpath(tree / path, os.path.realpath(root))).as_posix(), state))
    yield from sorted(items)


def _zipped(root: Path, changed: Iterable[tuple[str, str]]) -> bytes:
    buffer = io.BytesIO()
    manifest: list[Uncommitted] = []
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, state in changed:
            entry, data = _looked_at(root, path, state)
            manifest.append(entry)
            if data is not None:
                archive.writestr(zipfile.ZipInfo(f"files/{entry.path}", _EPOCH), data, zipfile.ZIP_DEFLATED)
        listing = json.dumps(msgspec.to_builtins(manifest), indent=1, sort_keys=True)
        archive.writestr(zipfile.ZipInfo("manifest.json", _EPOCH), listing, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _looked_at(root: Path, path: str, state: str) -> tuple[Uncommitted, bytes | None]:
    shown = os.fsencode(path).decode("utf-8", "backslashreplace")
    full = root / path
    if looks_secret(path):
        return Uncommitted(path=shown, state=state, kept=False, why="secret"), None
    try:
        status = full.lstat()
        if not stat.S_ISREG(status.st_mode):
            return Uncommitted(path=shown, state=state, kept=False, why="link"), None
        if status.st_size > LARGE:
            with full.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            large = Uncommitted(
                path=shown, state=state, kept=False, why="large", size=status.st_size, sha256=sha256
            )
            return large, None
        data = full.read_bytes()
    except FileNotFoundError:
        return Uncommitted(path=shown, state="deleted", kept=False, why="deleted"), None
    except OSError:
        return Uncommitted(path=shown, state=state, kept=False, why="unreadable"), None
    sha256 = hashlib.sha256(data).hexdigest()
    return Uncommitted(path=shown, state=state, kept=True, size=len(data), sha256=sha256), data
