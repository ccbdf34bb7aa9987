"""Names in one folder that differ only in case or in how an accent is written: macOS keeps one of them."""

import unicodedata
from collections.abc import Iterator


def case_clashes(prefix: str, names: list[str]) -> Iterator[tuple[str, str]]:
    """Pairs of such names.

    Args:
        prefix: of the folder, put before them.
        names: of all that it holds, without line breaks; a slash at the end of one (a folder's) is left out.
    """
    together = "\n".join(names).replace("/", "")
    plain = together.lower().split("\n") if together.isascii() else [*map(_plain, together.split("\n"))]
    if len(set(plain)) == len(plain):
        return
    first: dict[str, str] = {}
    for name, folded in sorted(zip(together.split("\n"), plain, strict=True)):
        other = first.setdefault(folded, name)
        if other != name:
            yield prefix + other, prefix + name


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
