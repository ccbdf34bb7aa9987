"""Other git repositories, to import from: which commit a name means there, and the files of a commit.

Fetched into a bare temporary repository, one commit deep where the server allows it. Nothing of it is checked
out and no hook or filter of it runs. Only http, https, ssh and files; nobody is asked for a password.
"""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import git
import msgspec

from mlctl.domain.credentials import strip
from mlctl.domain.errors import Denied, NotFound, Unreachable, UsageError

_COMMIT = re.compile(r"[0-9a-f]{40}\Z")
_ALLOWED = {"GIT_ALLOW_PROTOCOL": "file:http:https:ssh", "GIT_TERMINAL_PROMPT": "0"}
_FILE, _EXECUTABLE, _LINK = 0o100644, 0o100755, 0o120000
_REFUSALS = ("could not read Username", "Authentication failed", "Permission denied", "access denied")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a commit; `path` from the top of the repository."""

    path: str
    size: int
    blob: str


class RemoteCommit:
    """The files of one commit of another repository; open only inside `commit_of`."""

    def __init__(self, repo: git.Repo, url: str, commit: str) -> None:
        self.url = url
        self.commit = commit
        self._repo = repo
        self._tree = repo.commit(commit).tree

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None where there is none."""
        try:
            found = self._tree / path
        except KeyError:
            return None
        return bytes(found.data_stream.read()) if isinstance(found, git.Blob) else None

    def files(self, path: str) -> list[Entry] | None:
        """The file, or the files below the folder; None where there is neither.

        Raises:
            UsageError: a symbolic link or a submodule is among them.
        """
        try:
            found = self._tree / path
        except KeyError:
            return None
        if isinstance(found, git.Tree):
            return sorted(map(self._entry, self._leaves(found)), key=lambda entry: entry.path)
        return [self._entry(found)]

    def copy(self, entry: Entry, sink: IO[bytes]) -> None:
        """Write the bytes of a file."""
        stream = self._repo.odb.stream(bytes.fromhex(entry.blob))
        while chunk := stream.read(1 << 20):
            sink.write(chunk)

    def _leaves(self, tree: git.Tree) -> Iterator[git.Blob | git.Submodule]:
        for item in tree:
            if isinstance(item, git.Tree):
                yield from self._leaves(item)
            else:
                yield item

    def _entry(self, found: object) -> Entry:
        if not isinstance(found, git.Blob) or found.mode == _LINK:
            path = getattr(found, "path", "")
            raise UsageError(
                f"{path} of {strip(self.url)} is a link or a submodule, and no file", path=str(path)
            )
        return Entry(path=str(found.path), size=found.size, blob=found.hexsha)


def resolve(url: str, rev: str | None) -> str:
    """The commit that a branch, a tag or a commit's full name means; HEAD for None.

    Raises:
        NotFound: there is no such revision. Unreachable, Denied: the repository could not be asked.
    """
    if rev is not None and _COMMIT.match(rev):
        return rev
    wanted = ["HEAD"] if rev is None else [f"refs/heads/{rev}", f"refs/tags/{rev}", f"refs/tags/{rev}^{{}}"]
    asked = git.Git(tempfile.gettempdir())
    asked.update_environment(**_ALLOWED)
    try:
        lines = str(asked.ls_remote("--", url, *wanted)).splitlines()
    except git.GitCommandError as error:
        raise _said(url, error) from error
    found = {name: commit for commit, _, name in (line.partition("\t") for line in lines)}
    for name in reversed(wanted):
        if name in found:
            return found[name]
    named = "HEAD" if rev is None else repr(rev)
    raise NotFound(
        f"{strip(url)} has no branch or tag {named}; a commit is named by its 40 digits",
        f"git ls-remote {strip(url)}",
        url=strip(url),
        rev=rev,
    )


@contextmanager
def commit_of(url: str, commit: str) -> Iterator[RemoteCommit]:
    """The files of a commit, for as long as the context lasts.

    Raises:
        NotFound: the repository has no such commit. Unreachable, Denied: it could not be asked.
    """
    with tempfile.TemporaryDirectory(prefix="mlctl-import-") as folder:
        repo = git.Repo.init(folder, bare=True)
        repo.git.update_environment(**_ALLOWED)
        try:
            _fetch(repo, url, commit)
            yield RemoteCommit(repo, url, commit)
        finally:
            repo.close()


def _fetch(repo: git.Repo, url: str, commit: str) -> None:
    try:
        repo.git.fetch("--quiet", "--no-tags", "--depth=1", "--", url, commit)
    except git.GitCommandError:
        try:  # a server that gives only what a name means
            repo.git.fetch("--quiet", "--", url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
            repo.git.rev_parse("--verify", f"{commit}^{{commit}}")
        except git.GitCommandError as error:
            if "Needed a single revision" in error.stderr:
                raise NotFound(f"{strip(url)} has no commit {commit}", url=strip(url), rev=commit) from error
            raise _said(url, error) from error


def _said(url: str, error: git.GitCommandError) -> NotFound | Unreachable | Denied:
    text = strip(error.stderr.strip().removeprefix("stderr: ").strip("'\n "))
    if any(refusal in text for refusal in _REFUSALS):
        return Denied(f"{strip(url)} refused access: {text}", url=strip(url))
    if Path(url).is_absolute() and not Path(url).exists():
        return NotFound(f"there is no repository {url}", "mlctl data import --help", url=url)
    return Unreachable(f"{strip(url)} cannot be read: {text}", url=strip(url))
