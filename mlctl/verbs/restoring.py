"""What restoring data asks before it writes: bytes that have to be fetched, bytes that would be lost."""

from mlctl.domain.errors import NotFound, WorkspaceDirty
from mlctl.verbs.engines import engine
from mlctl.verbs.places import Place
from mlctl.verbs.session import Session
from mlctl.verbs.versions import held_bytes
from mlctl.workspace.dvc_cache import DvcCache

_SHOWN = 5


def fetch(session: Session, names: list[str], cache: DvcCache) -> int:
    """Bring what the cache lacks from the data's remote; how many files that were.

    Raises:
        NotFound: there is no remote. Incomplete, Unreachable, Denied: as `data_transfer.download_data`.
    """
    lacking = cache.lacking(names)
    if not lacking:
        return 0
    if not engine("remote_stores").has_data_remote(session):
        raise NotFound(
            f"the cache {cache.folder} does not hold {lacking[0]}, and there is no remote to fetch it from",
            "mlctl remote add origin URL",
            names=lacking,
        )
    return int(engine("data_transfer").download_data(session, lacking).files)


def refuse_loss(session: Session, place: Place, old: dict[str, str], again: str) -> None:
    """Nothing, where versions of the place hold all these bytes (path to md5).

    Raises:
        WorkspaceDirty: they don't; the hint is the command `again` with --force.
    """
    held = held_bytes(session, place.name)
    lost = sorted(file for file, md5 in old.items() if md5 not in held)
    if lost:
        shown = ", ".join(lost[:_SHOWN]) + (" …" if len(lost) > _SHOWN else "")
        raise WorkspaceDirty(
            f"{shown}: no version holds these bytes, and they would be lost",
            f"mlctl data add {place.path}",
            f"{again} --force",
            paths=lost,
        )
