"""What restoring data asks before it writes: bytes that have to be fetched, bytes that would be lost."""

from collections.abc import Mapping

from mlctl.domain.errors import Incomplete, NotFound, WorkspaceDirty
from mlctl.project.engines import engine
from mlctl.project.places import Place
from mlctl.project.session import Session
from mlctl.project.versions import held_bytes
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_owners import foreign_owner

_SHOWN = 5


def fetch(session: Session, wanted: list[tuple[str, str]], cache: DvcCache) -> int:
    """Bring what the cache lacks from the data's remote; how many files that were.

    Args:
        session: of the project.
        wanted: (path, md5).
        cache: is to hold them.

    Raises:
        NotFound: there is no remote. Incomplete, Unreachable, Denied: as `data_transfer.download_data`.
    """
    lacking = cache.lacking([md5 for _, md5 in wanted])
    if not lacking:
        return 0
    paths = {md5: path for path, md5 in reversed(wanted)}
    if not engine("remote_stores").has_data_remote(session):
        raise NotFound(
            f"the cache {cache.folder} does not hold {lacking[0]}, and there is no remote to fetch it from",
            "mlctl remote add origin URL",
            names=lacking,
        )
    try:
        return int(engine("data_transfer").download_data(session, lacking).files)
    except Incomplete as error:
        raise naming(error, paths) from error


def naming(error: Incomplete, paths: Mapping[str, str]) -> Incomplete:
    """The failure of a fetch, with the paths (by md5) of what the remote lacks."""
    named = sorted(path for md5 in error.facts.get("md5s", ()) if (path := paths.get(md5)) is not None)
    if not named:
        return error
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    return Incomplete(
        f"{', '.join(named[:_SHOWN])}{more}: {error.message}",
        *error.hints,
        **{**error.facts, "paths": named},
    )


def refuse_loss(session: Session, place: Place, old: dict[str, str], again: str) -> None:
    """Nothing, where versions of the place hold all these bytes (path to md5).

    Raises:
        WorkspaceDirty: they don't; the hint is the command `again` with --force.
    """
    held = held_bytes(session, place.name)
    lost = sorted(file for file, md5 in old.items() if md5 not in held)
    if lost:
        shown = ", ".join(lost[:_SHOWN]) + (" …" if len(lost) > _SHOWN else "")
        owner = foreign_owner(session.root, place.path)
        raise WorkspaceDirty(
            f"{shown}: no version holds these bytes, and they would be lost",
            f"mlctl data add {place.path}" if owner is None else f"dvc commit {owner.stage or owner.file}",
            f"{again} --force",
            paths=lost,
        )
