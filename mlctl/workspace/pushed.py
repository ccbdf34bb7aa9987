"""What a `git push` brings to the other side: the pointers and locks of pipelines that its commits change.

Asked of git itself with one process, two where there are pointers: git runs this before every push.
"""

import subprocess
from collections.abc import Iterable
from pathlib import Path

import msgspec

from mlctl.domain.errors import NotInstalled, UsageError
from mlctl.workspace.commits import FORMAT, Commit, commit_from

LOCK = "dvc.lock"
"""The name of the file in which DVC notes what the stages of its pipelines made."""

_ZERO = frozenset("0")
_LOG = (
    "git", "log", "-z", "--raw", "--no-abbrev", "-c", "--full-history", "--no-renames", "--no-color",
    "--no-show-signature", "--no-notes", "--no-ext-diff", "--no-relative", "--ignore-missing",
    f"--format=commit:{FORMAT}",
)  # fmt: skip
_FIELDS = 4  # of a ref as git tells of it: its name and object here, its name and object there


class PushedPointer(msgspec.Struct, frozen=True, kw_only=True):
    """A pointer file, or a `dvc.lock`, as a commit leaves it.

    Attributes:
        path: relative to the top of the git work tree.
        blob: git's object with its text.
        commit: the newest one of those pushed that makes it so.
    """

    path: str
    blob: str
    commit: Commit


def objects_pushed(refs: str) -> list[tuple[str, str]]:
    """(object here, object there) of git's lines for a pre-push hook; what is deleted is left out.

    Raises:
        UsageError: the text is not what git gives such a hook.
    """
    found = []
    for line in refs.splitlines():
        fields = line.split(" ")
        if len(fields) != _FIELDS:
            raise UsageError(
                f"git tells a pre-push hook of its refs in {_FIELDS} words a line; this is none: {line!r}",
                "mlctl hook install",
            )
        if set(fields[1]) != _ZERO:
            found.append((fields[1], fields[3]))
    return found


def pushed_pointers(top: Path, refs: str) -> list[PushedPointer]:
    """The pointers and locks that commits change which the push brings and no remote-tracking ref has.

    Every version of a pointer counts, also one that a later commit replaces. Of a merge only what is in none
    of its parents does. Tags count as the commits that they name.

    Args:
        top: the top of the git work tree.
        refs: as git gives them to the hook: local ref, local object, remote ref, remote object, a line each.

    Raises:
        UsageError: as `objects_pushed`, or git could not tell. NotInstalled: there is no git.
    """
    pushed = objects_pushed(refs)
    if not pushed:
        return []
    there = sorted({old for _, old in pushed if set(old) != _ZERO})
    here = sorted({new for new, _ in pushed} - set(there))
    if not here:
        return []
    known = (*here, "--not", *there, "--remotes")
    output = _git(top, [*_LOG, *known, "--", ":(top)*.dvc", f":(top)*{LOCK}"])
    found: dict[tuple[str, str], PushedPointer] = {}
    commit: Commit | None = None
    tokens = iter(output.split(b"\0"))
    for token in tokens:
        text = token.lstrip(b"\n")
        if text.startswith(b"commit:"):
            commit = commit_from(text.removeprefix(b"commit:"))
        elif text.startswith(b":") and commit is not None:
            path, blob = next(tokens).decode("utf-8", "surrogateescape"), _blob(text)
            if blob is not None and _is_pointer(path.rpartition("/")[2]):
                found.setdefault((path, blob), PushedPointer(path=path, blob=blob, commit=commit))
    return list(found.values())


def texts_of(top: Path, names: Iterable[str]) -> dict[str, str]:
    """The text of git's objects, by their names (a digest, or `<commit>:<path>`); what is absent is left out.

    Raises:
        UsageError, NotInstalled: as `pushed_pointers`.
    """
    asked = list(dict.fromkeys(names))
    given = "".join(f"{name}\n" for name in asked).encode("utf-8", "surrogateescape")
    output = _git(top, ["git", "cat-file", "--batch"], given)
    texts, start = {}, 0
    for name in asked:
        end = output.index(b"\n", start)
        header, start = output[start:end], end + 1
        if header.endswith(b" missing"):
            continue
        size = int(header.rpartition(b" ")[2])
        texts[name] = output[start : start + size].decode("utf-8", "replace")
        start += size + 1
    return texts


def _is_pointer(name: str) -> bool:
    return name == LOCK or (name.endswith(".dvc") and name != ".dvc")


def _blob(raw: bytes) -> str | None:
    """The object after the commit, from `:modes... objects... letters` with one colon a parent."""
    parents = len(raw) - len(raw.lstrip(b":"))
    fields = raw.lstrip(b":").decode().split(" ")
    mode, blob = fields[parents], fields[2 * parents + 1]
    return blob if mode.startswith("100") else None  # deleted, a link, or a submodule


def _git(top: Path, command: list[str], given: bytes = b"") -> bytes:
    try:
        done = subprocess.run(command, cwd=top, input=given, capture_output=True, check=False)
    except FileNotFoundError:
        raise NotInstalled("git is not installed: https://git-scm.com/downloads", program="git") from None
    if done.returncode:
        raise UsageError(
            f"git could not tell what is pushed: {done.stderr.decode('utf-8', 'replace').strip()}",
            "git fsck",
        )
    return done.stdout
