"""Places of data in the work tree: which dataset a path belongs to, declared in `mlctl.toml` or not."""

import os
import re
from pathlib import Path

import msgspec

from mlctl.domain.errors import NotFound, UsageError
from mlctl.domain.nearest import nearest
from mlctl.domain.refs import check_name
from mlctl.domain.spec import DataSpec
from mlctl.verbs.session import Session
from mlctl.verbs.versions import latest_versions
from mlctl.workspace.dvc_files import SUFFIX, pointer_path

_OURS = {".git", ".dvc", ".mlctl"}


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset's place.

    Attributes:
        path: relative to the project, with "/".
        spec: its part of `mlctl.toml`, or None where it is not declared.
    """

    name: str
    path: str
    spec: DataSpec | None = None


def declared_data(session: Session) -> dict[str, DataSpec]:
    """`[data]` of the spec; {} where the project has no `mlctl.toml`."""
    try:
        return session.spec.data
    except NotFound:
        return {}


def declared_places(session: Session) -> list[Place]:
    """All declared data, in the spec's order."""
    return [
        Place(name=name, path=_normal(data.path), spec=data) for name, data in declared_data(session).items()
    ]


def place_of(session: Session, typed: str, name: str | None = None) -> Place:
    """The place of a path as typed.

    Args:
        session: of the project.
        typed: relative to the current folder, or absolute.
        name: wanted for the dataset; by default the declared one, or made from the file's name.

    Raises:
        UsageError: outside the project, one of mlctl's own files, or declared by another name.
        InvalidName: the name cannot be one.
    """
    path = _inside(session, typed)
    for place in declared_places(session):
        if place.path == path:
            if name is not None and name != place.name:
                raise UsageError(
                    f"{path} is declared as {place.name!r} in mlctl.toml, not {name!r}",
                    f"mlctl data add {path}",
                )
            return place
        if place.name == name:
            raise UsageError(
                f"dataset {name!r} is declared in mlctl.toml with path {place.path!r}, not {path!r}",
                f"mlctl data add {place.path}",
            )
    known = {row.path: row.name for row in latest_versions(session)} if name is None else {}
    return Place(
        name=check_name(
            "dataset", name or known.get(path) or name_from(Path(path).name.split(".")[0], "data")
        ),
        path=path,
    )


def place_named(session: Session, name: str) -> Place:
    """The place of a dataset: declared, or where its newest version was.

    Raises:
        NotFound: there is no such dataset, or it has no file in the work tree (a frozen one).
    """
    for place in declared_places(session):
        if place.name == name:
            return place
    names = {}
    for version in latest_versions(session):
        names[version.name] = version.path
    if name not in names:
        raise no_dataset(session, name)
    path = names[name]
    if path is None:
        raise NotFound(
            f"{name} is a frozen dataset: it has no file in the work tree", f"mlctl data show {name}"
        )
    return Place(name=name, path=path)


def no_dataset(session: Session, name: str) -> NotFound:
    """The error for a dataset that nobody has added."""
    known = sorted({*declared_data(session), *(version.name for version in latest_versions(session))})
    near = nearest(name, known)
    guess = f"; did you mean {near!r}?" if near else f"; there are: {', '.join(known) or 'none'}"
    return NotFound(f"no dataset {name!r}{guess}", "mlctl data ls", name=name, nearest=near, known=known)


def _inside(session: Session, typed: str) -> str:
    root = Path(os.path.realpath(session.root))
    given = Path(os.path.abspath(typed))  # noqa: PTH100 - resolve() would follow the link that is to be refused
    path = Path(os.path.realpath(given.parent)) / given.name
    if root not in path.parents:
        what = "is the project itself" if path == root else f"is not inside the project {root}"
        advice = "name a file or folder in it" if path == root else "copy or move it there first"
        raise UsageError(f"{typed} {what}; {advice}", "mlctl data add --help", path=typed)
    relative = path.relative_to(root)
    if _OURS & set(relative.parts):
        raise UsageError(
            f"{typed} belongs to git, dvc or mlctl and is no data", "mlctl data add --help", path=typed
        )
    if path.name.endswith(SUFFIX) and not path.is_dir():
        data = relative.as_posix().removesuffix(SUFFIX)
        raise UsageError(
            f"{typed} is a pointer; add the data that it points to", f"mlctl data add {data}", path=typed
        )
    for parent in path.parents:
        if parent == root:
            break
        if pointer_path(parent).is_file():
            whole = parent.relative_to(root).as_posix()
            raise UsageError(
                f"{typed} is part of {whole}, which is versioned as a whole", f"mlctl data add {whole}"
            )
    return relative.as_posix()


def _normal(path: str) -> str:
    return os.path.normpath(path).replace(os.sep, "/")


def name_from(text: str, otherwise: str) -> str:
    """A valid name made from any text: lower case, "-" for what a name cannot hold."""
    name = re.sub(r"[^a-z0-9._-]+", "-", text.lower())[:64].strip("-._")
    return re.sub(r"\.{2,}", ".", name) or otherwise
