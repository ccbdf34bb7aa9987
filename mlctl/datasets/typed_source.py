"""Sources of imported data as people type them: a URL, a path, or a git repository and a path in it."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mlctl.domain.credentials import strip
from mlctl.domain.errors import UsageError
from mlctl.domain.imported import Source

_FILES = ("http", "https", "s3")
_GIT = ("http", "https", "ssh")
_HINT = "mlctl data import --help"


def source_of(typed: str, path: str | None, rev: str | None) -> Source:
    """The source as typed; credentials in it are hidden.

    Raises:
        UsageError: it is none that can be imported from.
    """
    if path is not None:
        return _repository(typed, path, rev)
    if rev is not None:
        raise UsageError("--rev goes with a repository and a path in it", _HINT)
    scheme, separator, rest = typed.partition("://")
    if separator and scheme.lower() == "file":
        parts = urlsplit(typed)
        if parts.netloc not in {"", "localhost"}:
            raise UsageError(f"{typed} is a file of another machine", _HINT)
        return Source(url=_absolute(unquote(parts.path)))
    if separator and scheme.lower() not in _FILES:
        raise UsageError(f"{strip(typed)}: only http, https, s3, files and git repositories", _HINT)
    if separator:
        if not urlsplit(typed).netloc or not urlsplit(typed).path.strip("/"):
            raise UsageError(f"{strip(typed)} names no file: {scheme}://{rest or 'host/path'}", _HINT)
        return Source(url=strip(typed))
    return Source(url=_absolute(typed))


def _repository(typed: str, path: str, rev: str | None) -> Source:
    scheme, separator, _ = typed.partition("://")
    if typed.startswith("-") or "::" in typed or (rev or "").startswith("-"):
        raise UsageError(f"{typed!r} is no git repository", _HINT)
    if separator and scheme.lower() not in {*_GIT, "file"}:
        raise UsageError(f"{strip(typed)}: git over http, https, ssh or a path", _HINT)
    plain = path.strip("/")
    if not plain or any(part in {"", ".", "..", ".git"} for part in plain.split("/")):
        raise UsageError(f"{path!r} is no path inside a repository", _HINT)
    if separator and scheme.lower() == "file":
        typed = unquote(urlsplit(typed).path)
    is_remote = bool(separator and scheme.lower() != "file") or _is_scp(typed)
    return Source(url=strip(typed) if is_remote else _absolute(typed), path=plain, rev=rev)


def _is_scp(text: str) -> bool:
    """`git@host:team/data.git`; a path that holds a colon begins with "/" or "."."""
    head, colon, _ = text.partition(":")
    return bool(colon) and "/" not in head and not os.path.lexists(text)


def _absolute(path: str) -> str:
    return os.path.normpath(Path.cwd() / Path(path).expanduser())
