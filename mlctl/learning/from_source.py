"""Modules of the user's own are compiled from their source, whatever bytecode lies beside it.

Python takes bytecode for fresh where the second of the last change and the size agree, so a file that was
edited within a second (`alpha = 1` to `alpha = 2`) runs as it was, while its record names what it is now.
"""

from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any


class FromSource(MetaPathFinder):
    """Finds what `PathFinder` finds; those files that are `own` are read, not their bytecode."""

    def __init__(self, own: Callable[[str], bool]) -> None:
        self._own = own

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        """See `importlib.abc.MetaPathFinder`."""
        found = PathFinder.find_spec(name, path, target)
        if found is not None and type(found.loader) is SourceFileLoader and self._own(found.loader.path):
            found.loader = Compiled(found.loader.name, found.loader.path)
        return found


class Compiled(SourceFileLoader):
    """Loads a module from its source alone, and leaves no bytecode."""

    def path_stats(self, path: Any) -> Any:
        """Refuse: a file of no known age has no bytecode, and none is written."""
        raise OSError(f"{path} is compiled anew")
