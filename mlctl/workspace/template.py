"""Starters for new projects: whole small projects, shipped with the package."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

from mlctl.domain.errors import NotFound
from mlctl.domain.nearest import nearest

_PACKAGE = Path(__file__).resolve().parent.parent
_FOLDERS = (_PACKAGE / "templates", _PACKAGE.parent / "templates")  # in the wheel; in a source checkout
_LEFT_OUT = {"demo", "__pycache__"}
_NAME_LINE = re.compile(r'^name = ".*"$', re.MULTILINE)


def names() -> list[str]:
    """The templates that there are."""
    return sorted(path.parent.name for path in _folder().glob("*/mlctl.toml"))


def files(template: str, project: str) -> Iterator[tuple[str, bytes]]:
    """The files of a new project, as (path with "/", content): `*.gz` unpacked, the project's name filled in.

    Raises:
        NotFound: there is no such template.
    """
    if template not in names():
        near = nearest(template, names())
        guess = f"; did you mean {near!r}?" if near else ""
        raise NotFound(
            f"no template {template!r}: there are {', '.join(names())}{guess}",
            "mlctl init --help",
            template=template,
        )
    top = _folder() / template
    for path in sorted(top.rglob("*")):
        relative = path.relative_to(top)
        if not path.is_file() or _LEFT_OUT & set(relative.parts):
            continue
        data = path.read_bytes()
        if path.suffix == ".gz":
            yield relative.with_suffix("").as_posix(), gzip.decompress(data)
        elif relative.as_posix() == "mlctl.toml":
            text = _NAME_LINE.sub(f'name = "{project}"', data.decode("utf-8"), count=1)
            yield relative.as_posix(), text.encode("utf-8")
        else:
            yield relative.as_posix(), data.replace(b"{name}", project.encode("utf-8"))


def _folder() -> Path:
    for folder in _FOLDERS:
        if folder.is_dir():
            return folder
    raise NotFound(f"the templates are not installed: {_FOLDERS[0]} is missing")
