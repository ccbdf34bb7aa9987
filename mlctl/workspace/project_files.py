"""The files of a project that git would track: what a program out of sight may have read."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from mlctl.workspace.process import output_of

_SAID = (".md", ".rst")  # for people
_OWN = {"mlctl.toml", ".gitignore", ".dvcignore", ".gitattributes", "LICENSE"}
_SKIPPED = {".git", ".dvc", ".mlctl", ".venv", "__pycache__", "node_modules"}


def project_files(root: Path) -> Iterator[str]:
    """Paths relative to the project; what git ignores, documents and our own settings are left out."""
    listed = output_of(["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"])
    names = listed.decode("utf-8", "surrogateescape").split("\0") if listed else _walked(root)
    for name in sorted(filter(None, names)):
        path = Path(name)
        hidden = any(part in _SKIPPED for part in path.parts)
        if not hidden and path.name not in _OWN and path.suffix not in _SAID and (root / path).is_file():
            yield path.as_posix()


def names_in(folder: Path) -> str:
    """Digest of the names that a folder holds; compiled modules and what begins with a dot are left out."""
    names = sorted(one.name for one in folder.iterdir() if one.name != "__pycache__" and one.name[:1] != ".")
    return hashlib.sha256("\0".join(names).encode("utf-8", "surrogateescape")).hexdigest()


def _walked(root: Path) -> list[str]:
    return [
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if not any(part in _SKIPPED for part in path.relative_to(root).parts)
    ]
