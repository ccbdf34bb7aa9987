"""Places of data in the work tree: which dataset a path belongs to, declared in `mlctl.toml` or not."""

import os
import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path, PurePosixPath

import msgspec

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import InvalidName, NotFound, UsageError
from mlctl.domain.nearest import nearest
from mlctl.domain.refs import check_name
from mlctl.domain.spec import DataSpec
from mlctl.project.session import Session
from mlctl.project.versions import latest_versions
from mlctl.workspace.dvc_files import SUFFIX, pointer_path
from mlctl.workspace.dvc_owners import tracked_in

_LONGEST = 255  # bytes of a name
_OURS = {".git", ".dvc", ".mlctl"}
_SETTINGS = {".dvcignore", ".gitignore", "dvc.lock", "dvc.yaml"}


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


def places_of(session: Session, typed: Iterable[str], name: str | None = None) -> list[Place]:
    """The places of paths as typed, each once.

    Args:
        session: of the project.
        typed: relative to the current folder, or absolute.
        name: wanted for the dataset; by default the declared one, or one made from the file's name that no
            other place has (`data/a.csv` beside a dataset `a` becomes `data-a`).

    Raises:
        UsageError: outside the project, one of mlctl's own files, or declared by another name.
        InvalidName: the name cannot be one.
    """
    declared = declared_places(session)
    held = {version.name: version.path for version in latest_versions(session)}
    places = {}
    parts = {place.path for place in declared}
    for path in dict.fromkeys(path_inside(session, one, parts) for one in typed):
        places[path] = _declared(declared, path, name) or _free(session, path, name, declared, held)
        held[places[path].name] = path
    return list(places.values())


def known_places(session: Session) -> tuple[list[Place], tuple[str, ...]]:
    """Every place in the work tree: declared ones, those of versions, those that only a DVC pointer names.

    Returns:
        The places, declared ones first, and what is wrong with pointers that could not be read.
    """
    places = declared_places(session)
    names, paths = {place.name for place in places}, {place.path for place in places}

    def add(place: Place) -> None:
        places.append(place)
        names.add(place.name)
        paths.add(place.path)

    latest = {version.path: version.name for version in latest_versions(session) if version.path is not None}
    found, wrong = tracked_in(session.root)
    pointed = [one for one in found if ".." not in one.path.split("/")]
    for one in pointed:  # a version of it had this place, but not the newest: the branch is an older one
        name = None if one.path in latest else _known_as(session, one.path, one.pointer.md5)
        if name is not None and name not in names and one.path not in paths:
            add(Place(name=name, path=one.path))
    for path, name in latest.items():
        if name not in names and path not in paths:
            add(Place(name=name, path=path))
    held = {place.name: place.path for place in places}
    for one in pointed:
        if one.path not in paths:
            add(_free(session, one.path, None, places, held))
            held[places[-1].name] = one.path
    return places, tuple(wrong)


def _known_as(session: Session, path: str, md5: str) -> str | None:
    """The dataset of which a living version with these bytes had this place."""
    names = session.repository.decisions.names()
    for digest, version in reversed(session.repository.facts.where(DatasetVersion, md5=md5)):
        if version.path == path and names.number_of(f"datasets/{version.name}", digest) is not None:
            return version.name
    return None


def place_of(session: Session, typed: str, name: str | None = None) -> Place:
    """The place of one path as typed; see `places_of`."""
    return places_of(session, [typed], name)[0]


def _declared(declared: list[Place], path: str, name: str | None) -> Place | None:
    for place in declared:
        if place.path == path:
            if name is not None and name != place.name:
                raise UsageError(
                    f"{path} is declared as {place.name!r} in mlctl.toml, not {name!r}",
                    f"mlctl data add {shlex.quote(path)}",
                )
            return place
        if place.name == name:
            raise UsageError(
                f"dataset {name!r} is declared in mlctl.toml with path {place.path!r}, not {path!r}",
                f"mlctl data add {shlex.quote(place.path)}",
            )
    return None


def _free(
    session: Session, path: str, name: str | None, declared: list[Place], held: Mapping[str, str | None]
) -> Place:
    """An undeclared place, with the name it has, the one that is wanted, or one that is free."""
    known = next((known for known, place in held.items() if place == path), None)
    if name is not None and known not in {None, name} and pointer_path(session.root / path).exists():
        raise UsageError(
            f"{path} is versioned as {known!r}, not {name!r}", f"mlctl data add {shlex.quote(path)}"
        )
    name = name or known
    if name is None:
        taken = {place.name for place in declared}
        name = next(
            candidate
            for candidate in _candidates(path)
            if candidate not in taken and (candidate not in held or _moved(session, held[candidate]))
        )
    return Place(name=check_name("dataset", name), path=path)


def _candidates(path: str) -> Iterator[str]:
    """Names for a place: `c`, `b-c`, `a-b-c` for a/b/c.csv, then numbered ones."""
    folders = path.split("/")
    stem = folders.pop().split(".")[0]
    first = name_from(stem, "data")
    yield first
    while folders:
        stem = f"{folders.pop()}-{stem}"
        yield name_from(stem, "data")
    yield from (f"{first[:56]}-{number}" for number in count(2))


def _moved(session: Session, path: str | None) -> bool:
    """Whether neither data nor pointer stand at the place any more: the dataset has moved to a new one."""
    if path is None:
        return False
    target = session.root / path
    return not os.path.lexists(target) and not pointer_path(target).exists()


def place_named(session: Session, name: str) -> Place:
    """The place of a dataset: declared, where its pointer stands, or where its newest version was.

    Raises:
        NotFound: there is no such dataset, or it has no file in the work tree (a frozen one).
    """
    for place in declared_places(session):  # the usual case: no need to look for pointers, which asks git
        if place.name == name:
            return place
    for place in known_places(session)[0]:
        if place.name == name:
            return place
    paths = {version.name: version.path for version in latest_versions(session)}
    if paths.get(name) is not None:
        raise NotFound(
            f"{name} has no place in the work tree: {paths[name]} is another dataset's now",
            f"mlctl data log {name}",
        )
    if name in paths:
        raise NotFound(
            f"{name} is a frozen dataset: it has no file in the work tree", f"mlctl data show {name}"
        )
    raise no_dataset(session, name)


def named_or_at(session: Session, typed: str) -> Place:
    """The place of a dataset by its name, or by the path of its data as typed.

    Raises:
        NotFound: there is no such dataset, or it is frozen. UsageError: as `places_of`.
    """
    try:
        return place_named(session, typed)
    except NotFound:
        path = Path(typed)
        if not (path.exists() or pointer_path(path).exists()):
            raise
    return place_of(session, typed)


def no_dataset(session: Session, name: str) -> NotFound:
    """The error for a dataset that nobody has added."""
    known = sorted({*declared_data(session), *(version.name for version in latest_versions(session))})
    near = nearest(name, known)
    guess = f"; did you mean {near!r}?" if near else f"; there are: {', '.join(known) or 'none'}"
    return NotFound(f"no dataset {name!r}{guess}", "mlctl data ls", name=name, nearest=near, known=known)


def path_inside(session: Session, typed: str, parts: Collection[str] = ()) -> str:
    """A path as typed, relative to the project, if data may stand there.

    Args:
        session: of the project.
        typed: relative to the current folder, or absolute.
        parts: paths that may be part of tracked data.

    Raises:
        UsageError: it is outside, one of git's, dvc's or mlctl's own, a pointer, or part of tracked data.
    """
    path = _relative(session, typed)
    whole = whole_above(session.root, path)
    if whole is not None and path not in parts:
        raise UsageError(
            f"{typed} is part of {whole}, which is versioned as a whole", f"mlctl data add {whole}"
        )
    return path


def piece_of(session: Session, typed: str) -> tuple[Place, str] | None:
    """(the tracked folder, path in the project) of what is inside one and is not declared; None elsewhere.

    Raises:
        UsageError: as `path_inside`, but for parts.
    """
    path = _relative(session, typed)
    whole = whole_above(session.root, path)
    if whole is None or path in {place.path for place in declared_places(session)}:
        return None
    return place_of(session, str(session.root / whole)), path


def _relative(session: Session, typed: str) -> str:
    root = Path(os.path.realpath(session.root))
    given = Path(os.path.abspath(typed))  # noqa: PTH100 - resolve() would follow the link that is to be refused
    path = Path(os.path.realpath(given.parent)) / given.name
    if len(os.fsencode(path.name + SUFFIX)) > _LONGEST:
        raise InvalidName(
            f"the name {path.name} is too long: {SUFFIX} has to fit behind it; rename it", path=typed
        )
    if root not in path.parents:
        what = "is the project itself" if path == root else f"is not inside the project {root}"
        advice = "name a file or folder in it" if path == root else "copy or move it there first"
        raise UsageError(f"{typed} {what}; {advice}", "mlctl data add --help", path=typed)
    relative = path.relative_to(root)
    if _OURS & set(relative.parts) or relative.as_posix() == "mlctl.toml" or path.name in _SETTINGS:
        raise UsageError(
            f"{typed} belongs to git, dvc or mlctl and is no data", "mlctl data add --help", path=typed
        )
    if path.name.endswith(SUFFIX) and not path.is_dir():
        data = relative.as_posix().removesuffix(SUFFIX)
        raise UsageError(
            f"{typed} is a pointer; add the data that it points to", f"mlctl data add {data}", path=typed
        )
    return relative.as_posix()


def whole_above(root: Path, path: str) -> str | None:
    """The tracked folder that a path (relative to the project) is part of, or None."""
    for parent in PurePosixPath(path).parents[:-1]:
        if pointer_path(root / parent).is_file():
            return str(parent)
    return None


def is_in_data(session: Session, typed: str) -> bool:
    """Whether a path as typed is tracked data or stands in it."""
    root, path = Path(os.path.realpath(session.root)), Path(os.path.realpath(typed))
    if root not in path.parents:
        return False
    relative = path.relative_to(root).as_posix()
    return pointer_path(root / relative).is_file() or whole_above(root, relative) is not None


def _normal(path: str) -> str:
    return os.path.normpath(path).replace(os.sep, "/")


def name_from(text: str, otherwise: str) -> str:
    """A valid name made from any text: lower case, "-" for what a name cannot hold."""
    name = re.sub(r"[^a-z0-9._-]+", "-", text.lower())[:64].strip("-._")
    return re.sub(r"\.{2,}", ".", name) or otherwise
