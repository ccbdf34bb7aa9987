"""A part of a dataset: a file or folder by its path, with no more read than it takes to name its files."""

import os
import shlex
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import msgspec

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import Missing, NotFound, UsageError
from mlctl.domain.file_changes import is_below
from mlctl.domain.nearest import nearest
from mlctl.project.resolve import resolve_dataset
from mlctl.project.session import Session
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_owners import owner_of

_SHOWN = 5


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What is meant.

    Attributes:
        place: the dataset's path, relative to the project.
        md5: of the dataset's file, or of its listing.
        under: relative to the dataset's folder; "" for all of it.
        label: `images@2`, where the log knows the version.
        manifest: of a folder whose version the log knows.
        size: of a single file, where it is known.
    """

    place: str
    md5: str
    under: str
    label: str | None = None
    manifest: str | None = None
    size: int | None = None


class PartFile(msgspec.Struct, frozen=True, kw_only=True):
    """One of its files; `path` is relative to the dataset's folder, `size` None where nobody here knows."""

    path: str
    md5: str
    size: int | None


def part_by_pointer(session: Session, typed: str) -> Part:
    """What the pointer in the work tree that covers a path names there.

    Raises:
        NotFound: no pointer covers it. UsageError: it is outside the project.
    """
    path = _in_project(session, typed)
    for above in (
        *reversed(path.parents[:-1]),
        path,
    ):  # from the top: no pointer is inside of what another covers
        owner = owner_of(session.root, str(above))
        if owner is not None:
            pointer = owner.pointer
            label, manifest = _known(session, pointer.md5)
            return Part(
                place=str(above),
                md5=pointer.md5,
                under=_relative(path, above),
                label=label,
                manifest=manifest,
                size=None if pointer.is_folder else pointer.size,
            )
    raise NotFound(
        f"no pointer in the work tree covers {path}; data are covered by x.dvc beside x",
        "mlctl data ls",
        path=str(path),
    )


def part_of_version(session: Session, selector: str, typed: str) -> Part:
    """A path of a dataset version: from the project or current folder, or from the dataset's own folder.

    Raises:
        NotFound, InvalidName: there is no such version. UsageError: a frozen one, whose bytes have no path.
    """
    found = resolve_dataset(session, selector)
    version = found.version
    label = f"{found.name}@{found.number}"
    if version.path is None:
        raise UsageError(
            f"{label} is a frozen dataset: it has no files of its own", f"mlctl data show {label}"
        )
    return Part(
        place=version.path,
        md5=version.md5,
        under=_under(session, version.path, typed),
        label=label,
        manifest=version.sha256 if version.shape == "folder" else None,
        size=version.bytes if version.shape == "file" else None,
    )


def files_of_part(session: Session, part: Part, cache: DvcCache, fetch: Callable[[], None]) -> list[PartFile]:
    """Its files, from the manifest, or from the listing, which `fetch` brings where the cache lacks it.

    Raises:
        NotFound: the dataset holds no such path; the nearest ones are named.
    """
    if not part.md5.endswith(".dir"):
        if part.under:
            raise NotFound(
                f"{part.label or part.place} is a single file",
                shlex.join(("mlctl", "data", "get", part.place)),
                path=part.under,
            )
        return [PartFile(path="", md5=part.md5, size=part.size)]
    every = _from_manifest(session, part)
    if every is None:
        if not cache.has(part.md5):
            fetch()
        every = [PartFile(path=path, md5=md5, size=None) for path, md5 in sorted(cache.listing(part.md5))]
    found = [one for one in every if is_below(one.path, part.under)]
    if not found and part.under:
        raise _no_such_path(part, [one.path for one in every])
    return found


def _from_manifest(session: Session, part: Part) -> list[PartFile] | None:
    """None where the version's manifest is not here."""
    if part.manifest is None:
        return None
    try:
        entries = session.repository.manifests.entries(part.manifest, part.under)
        found = [PartFile(path=entry.path, md5=entry.md5, size=entry.size) for entry in entries]
        if not any(is_below(one.path, part.under) for one in found):  # to name what is near, all are needed
            entries = session.repository.manifests.entries(part.manifest)
            found = [PartFile(path=entry.path, md5=entry.md5, size=entry.size) for entry in entries]
    except Missing:
        return None
    return found


def _no_such_path(part: Part, paths: list[str]) -> NotFound:
    folders = {str(above) for path in paths for above in PurePosixPath(path).parents} - {"."}
    near = nearest(part.under, [*paths, *sorted(folders)])
    top = sorted({path.split("/")[0] for path in paths})
    shown = ", ".join(top[:_SHOWN]) + (" …" if len(top) > _SHOWN else "")
    guess = f"did you mean {near!r}?" if near else f"it holds {shown or 'nothing'}"
    name = part.label or part.place
    words = (f"{part.place}/{near}",) if near else (part.place, "--dry-run")
    hint = shlex.join(("mlctl", "data", "get", *words))
    return NotFound(f"{name} holds no {part.under!r}; {guess}", hint, path=part.under, nearest=near)


def _known(session: Session, md5: str) -> tuple[str | None, str | None]:
    """(label, manifest) of the newest living version with these bytes."""
    names = session.repository.decisions.names()
    for digest, version in reversed(session.repository.facts.where(DatasetVersion, md5=md5)):
        number = names.number_of(f"datasets/{version.name}", digest)
        if number is not None:
            manifest = version.sha256 if version.shape == "folder" else None
            return f"{version.name}@{number}", manifest
    return None, None


def _in_project(session: Session, typed: str) -> PurePosixPath:
    root = Path(os.path.realpath(session.root))
    given = Path(os.path.realpath(Path.cwd()), typed)
    path = Path(os.path.normpath(given))
    if root not in path.parents:
        raise UsageError(f"{typed} is not inside the project {root}", "mlctl data get --help", path=typed)
    return PurePosixPath(path.relative_to(root).as_posix())


def _under(session: Session, place: str, typed: str) -> str:
    """The part of a dataset that a path means."""
    try:
        path = _in_project(session, typed)
    except UsageError:
        path = PurePosixPath("..")
    above = PurePosixPath(place)
    if path == above or above in path.parents:
        return _relative(path, above)
    plain = os.path.normpath(typed)
    if plain.startswith(("/", "..")):
        raise UsageError(f"{typed} is no part of {place}", "mlctl data get --help", path=typed)
    return "" if plain == "." else plain


def _relative(path: PurePosixPath, above: PurePosixPath) -> str:
    return "" if path == above else str(path.relative_to(above))
