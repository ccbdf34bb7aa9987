"""Installed distributions: which one a module comes from, and which others it needs."""

import re
import sys
from collections.abc import Iterable, Iterator
from email.parser import BytesHeaderParser
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def packages_of(modules: Iterable[str], folders: Iterable[str]) -> dict[str, str]:
    """Distributions of top-level modules, and all that they require and that is installed: versions by name.

    Args:
        modules: names; those of the standard library and those that nobody installed are left out.
        folders: of the import path.
    """
    owners, metadata = _installed(folders)
    found: dict[str, str] = {}
    todo = [name for module in set(modules) - sys.stdlib_module_names for name in owners.get(module, ())]
    while todo:
        name = todo.pop()
        if name in found or name not in metadata:
            continue
        headers = BytesHeaderParser().parsebytes(metadata[name].read_bytes())
        found[name] = str(headers["Version"])
        todo += _required(headers.get_all("Requires-Dist") or ())
    return dict(sorted(found.items()))


def canonical(name: str) -> str:
    """A distribution's name as every tool compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _required(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        match = _NAME.match(line)
        if match is not None and not re.search(r"extra\s*==", line):
            yield canonical(match[0])


def _installed(folders: Iterable[str]) -> tuple[dict[str, set[str]], dict[str, Path]]:
    """Distributions by top-level module, and the metadata file of each; the first folder wins."""
    owners: dict[str, set[str]] = {}
    metadata: dict[str, Path] = {}
    for folder in folders:
        for info in sorted(Path(folder or ".").glob("*.dist-info")):
            name = canonical(info.name.removesuffix(".dist-info").rpartition("-")[0])
            if name in metadata or not (info / "METADATA").is_file():
                continue
            metadata[name] = info / "METADATA"
            for module in _top_levels(info):
                owners.setdefault(module, set()).add(name)
    return owners, metadata


def _top_levels(info: Path) -> set[str]:
    try:
        return set((info / "top_level.txt").read_text(encoding="utf-8").split())
    except OSError:
        pass
    try:
        record = (info / "RECORD").read_text(encoding="utf-8")
    except OSError:
        return set()
    first = (line.partition(",")[0].partition("/")[0] for line in record.splitlines())
    return {
        name.partition(".")[0] for name in first if not name.endswith((".dist-info", "__pycache__", ".."))
    }
