"""Commits as git's log tells of them."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from mlctl.workspace.process import output_of

FORMAT = "%H%x1f%an%x1f%ae%x1f%at%x1f%s"
"""What `commit_from` reads, for `git log --format`."""


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit; `time` is when its author made it, RFC 3339 UTC."""

    digest: str
    author: str
    email: str
    time: str
    subject: str


def commit_from(line: bytes) -> Commit:
    """The commit that git printed by `FORMAT`."""
    digest, author, email, seconds, subject = line.decode("utf-8", "replace").split("\x1f", 4)
    moment = datetime.fromtimestamp(int(seconds), UTC).isoformat(timespec="seconds")
    return Commit(
        digest=digest, author=author, email=email, time=moment.replace("+00:00", "Z"), subject=subject
    )


def last_commit(root: Path, path: str) -> Commit | None:
    """The newest commit that changed a file (relative to the folder); None where there is none."""
    command = ["git", "-C", str(root), "log", "-1", "--no-show-signature", f"--format={FORMAT}", "--", path]
    printed = output_of(command).rstrip(b"\n")
    return commit_from(printed) if printed else None
