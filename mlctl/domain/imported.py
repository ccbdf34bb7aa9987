"""Imported data: where they came from, and what told their state there when they came."""

from mlctl.domain.credentials import HIDDEN
from mlctl.domain.records import Record


class Lock(Record, frozen=True, kw_only=True, omit_defaults=True):
    """The state of a source. What it does not tell is None.

    Attributes:
        etag: of a URL, as told.
        modified: a URL's Last-Modified, as told.
        size: bytes.
        commit: of a git repository.
        md5: of a local file or folder, as DVC names it.
        sha256: what was promised of the bytes by `--sha256`, in lower case; it tells nothing of the source.
        modified_ns: a local file's time of modification; with the size it tells that nothing has changed.
    """

    etag: str | None = None
    modified: str | None = None
    size: int | None = None
    commit: str | None = None
    md5: str | None = None
    modified_ns: int | None = None
    sha256: str | None = None

    @property
    def told(self) -> str:
        """What tells the state, in one word or two."""
        if self.commit is not None:
            return self.commit[:12]
        return self.etag or self.modified or (self.md5 or "")[:12] or "nothing that tells its state"


class Source(Record, frozen=True, kw_only=True, omit_defaults=True):
    """Where data come from.

    Attributes:
        url: of the file, without credentials; an absolute path; or a git repository's URL or path.
        path: inside the repository; None for anything else.
        rev: the branch, tag or commit that was asked for; None follows the repository's HEAD.
    """

    url: str
    path: str | None = None
    rev: str | None = None

    @property
    def scheme(self) -> str:
        """The URL's; "git" for a repository, "file" for a path."""
        if self.path is not None:
            return "git"
        scheme, separator, _ = self.url.partition("://")
        return scheme.lower() if separator else "file"

    @property
    def label(self) -> str:
        """The source in one line."""
        if self.path is None:
            return self.url
        return f"{self.path} of {self.url}" + (f" at {self.rev}" if self.rev else "")


def has_hidden(source: Source) -> bool:
    """Whether credentials were left out of the record."""
    return HIDDEN in source.url


class Imported(Record, frozen=True, kw_only=True):
    """What the origin of an imported version says, as its "import"."""

    source: Source
    lock: Lock


def is_same_state(old: Lock, new: Lock) -> bool | None:
    """Whether the source stands as it did; None where what it tells is not enough to know."""
    if old.commit is not None or new.commit is not None:
        return old.commit == new.commit
    if old.etag is not None and new.etag is not None:
        return old.etag.strip('"') == new.etag.strip('"')
    for told in ("modified", "modified_ns"):
        before, now = getattr(old, told), getattr(new, told)
        if before is not None and now is not None:
            return bool(before == now and old.size == new.size)
    return None
