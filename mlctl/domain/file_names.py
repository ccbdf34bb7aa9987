"""The paths and md5 that a listing of a folder may hold: none leads out of the folder."""

import re
from collections.abc import Sequence

from mlctl.domain.errors import Untrusted

_MD5 = re.compile(r"[0-9a-f]{32}\Z")
_MD5S = re.compile(r"(?:[0-9a-f]{32}\n)*")
_OUTSIDE = re.compile(r"(?:\A|[\0/])\.{0,2}(?:[\0/]|\Z)")  # "", "." or ".." between slashes


def check_names(paths: Sequence[str], names: Sequence[str], source: str) -> None:
    """Nothing, where every path stays in its folder and every name is an md5.

    Args:
        paths: of files, relative to their folder.
        names: md5 of their bytes.
        source: who says so, for the error.

    Raises:
        Untrusted: one is not.
    """
    together = "\0".join(paths)
    if paths and (_OUTSIDE.search(together) or together.count("\0") >= len(paths)):
        bad = next((path for path in paths if "\0" in path or _OUTSIDE.search(path)), "")
        raise Untrusted(f"{source} lists {bad!r}, which no folder can hold", path=bad)
    if _MD5S.fullmatch("".join([f"{name}\n" for name in names])) is None:
        odd = next(name for name in names if _MD5.match(name) is None)
        raise Untrusted(f"{source} lists {odd!r}, which is no md5", md5=odd)


def is_inside(path: str) -> bool:
    """Whether a path, relative to a folder, names something in that folder."""
    return "\0" not in path and _OUTSIDE.search(path) is None
