"""Remotes: where bytes are that the cache lacks."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol


class Remote(Protocol):
    """Brings bytes into the project's cache.

    Guaranteed: whatever appears in the cache under a name has that name's bytes; what is there already is not
    fetched again. May fail half-way: what has arrived stays, and asking again fetches the rest.
    """

    name: str

    def fetch(self, root: Path, names: Sequence[str], progress: Callable[[int, int | None], None]) -> None:
        """Fetch by DVC's md5; one that ends in ".dir" brings the folder's files as well.

        Args:
            root: the project.
            names: the md5 wanted.
            progress: told of files done and files in all (None where that is not known).

        Raises:
            NotFound: the project has no remote to ask.
            Incomplete: the remote lacks some of the bytes.
            Unreachable, Denied: it could not be asked.
        """
