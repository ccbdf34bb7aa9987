"""`mlctl fsck`: verify every byte under `.mlctl/`, every name in the log, and the data in DVC's cache.

With --repair, what is damaged or missing is brought back from where the same bytes still are: the work tree,
or the remote. What was damaged is kept in `damaged/`, beside what it was.
"""

from contextlib import suppress
from hashlib import md5 as md5_of
from pathlib import Path

import msgspec

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import Corrupt, Incomplete, Missing, MlctlError
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.fsck import FsckRequest, FsckResult
from mlctl.project.session import Session
from mlctl.store.remote_settings import read_remotes
from mlctl.store.trash import DAMAGED, Trash
from mlctl.store.verify import Problem, Verification, verify
from mlctl.transport.data_transfer import download_data
from mlctl.transport.store_repair import repair_store, repairable
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import read_settings
from mlctl.workspace.dvc_listing import listing_bytes
from mlctl.workspace.scan import read_file

_SHOWN = 20
_NAMED = (".mlctl/facts/", ".mlctl/objects/", ".mlctl/decisions/")
"""What the remote that the log is of has, too."""


def fsck(session: Session, request: FsckRequest) -> Outcome[FsckResult]:
    """Verify the repository, and heal what can be healed if asked.

    Raises:
        Corrupt: something is damaged; `facts["problems"]` lists every problem by path.
        Missing: nothing is damaged, but something that is named is not there.
    """
    found = _verified(session, request)
    repaired: tuple[str, ...] = ()
    if request.repair and _healable(session, found):
        repaired = _repair(session, found, dry_run=request.dry_run)
        if not request.dry_run:
            found = _verified(session, request)
            still = {problem.path for problem in found.problems}
            repaired = tuple(path for path in repaired if path not in still)
    if found.problems:
        raise _problems(session, found, repaired, repair=request.repair)
    data = FsckResult(
        clean=True,
        checked=found.checked,
        swept=found.swept,
        notes=found.notes,
        repaired=repaired,
        changed=bool(repaired) and not request.dry_run,
    )
    return Outcome(data=data)


def _verified(session: Session, request: FsckRequest) -> Verification:
    settings = read_settings(session.root)
    return verify(
        session.repository,
        settings.cache,
        session.report,
        quick=request.quick,
        fetchable=_has_remote(session) and not request.repair,
    )


def _has_remote(session: Session) -> bool:
    """Whether data that are not here can be elsewhere."""
    if read_settings(session.root).remote is not None:
        return True
    try:
        return bool(read_remotes(session.repository.layout)[0])
    except MlctlError:  # a damaged config.toml is reported for what it is
        return False


def _repair(session: Session, found: Verification, *, dry_run: bool) -> tuple[str, ...]:
    """Bring back what can be; the paths of what was (or would be) tried."""
    cache = DvcCache(read_settings(session.root).cache)
    hit = [problem for problem in found.problems if problem.md5]
    lacking: list[str] = []
    for problem in hit:
        data = _listing(session, problem)
        source = None if data is not None else _same_bytes(session, problem)
        if dry_run:
            continue
        _set_aside(session, cache, problem.md5)
        if data is not None:
            cache.put(data, problem.md5)
        elif source is not None:
            cache.take(source)
        else:
            lacking.append(problem.md5)
    cache.flush()
    if lacking and _has_remote(session):
        with suppress(Incomplete):  # what the remote lacks too is found by verifying again
            download_data(session, lacking)
    ours = repairable(session, found.problems)
    if ours and not dry_run:
        repair_store(session, ours)
    return tuple(problem.path for problem in [*hit, *ours])


def _healable(session: Session, found: Verification) -> bool:
    return any(problem.md5 for problem in found.problems) or bool(repairable(session, found.problems))


def _listing(session: Session, problem: Problem) -> bytes | None:
    """A folder's listing, made again from the manifest of a version of it."""
    repository = session.repository
    for _digest, version in repository.facts.where(DatasetVersion, md5=problem.md5):
        if version.shape == "folder" and version.path is not None:
            with suppress(MlctlError):
                data = listing_bytes(repository.manifests.entries(version.sha256))
                if f"{md5_of(data, usedforsecurity=False).hexdigest()}.dir" == problem.md5:
                    return data
    return None


def _same_bytes(session: Session, problem: Problem) -> Path | None:
    """A file of the work tree that holds what the cache should."""
    for place in problem.places:
        path = session.root / place
        try:
            if path.is_file() and read_file(path).hashes.md5 == problem.md5:
                return path
        except MlctlError:
            continue
    return None


def _set_aside(session: Session, cache: DvcCache, md5: str) -> None:
    """Damaged bytes are kept: they may be all that is left of something."""
    if cache.has(md5):
        Trash(cache.folder, DAMAGED).take(cache.path(md5), session.clock())


def _problems(
    session: Session, found: Verification, repaired: tuple[str, ...], *, repair: bool
) -> MlctlError:
    damaged = any(problem.kind == "corrupt" for problem in found.problems)
    lines = [f"{problem.path}: {problem.kind}: {problem.what}" for problem in found.problems[:_SHOWN]]
    if len(found.problems) > _SHOWN:
        lines.append(f"... and {len(found.problems) - _SHOWN} more; `mlctl fsck --json` lists all")
    count = len(found.problems)
    message = "\n".join([f"{count} problem{'s' if count > 1 else ''} found:", *lines])
    hints = ["mlctl fsck --repair"] if not repair and _healable(session, found) else []
    gone = [problem.path for problem in found.problems if problem.kind == "missing" and not problem.md5]
    named = any(path.startswith(_NAMED) for path in gone)
    if named and session.repository.decisions.pending.joined() is not None:
        hints.append("mlctl fetch --all")
    facts = {
        "problems": [msgspec.structs.asdict(problem) for problem in found.problems],
        "checked": found.checked,
        "swept": list(found.swept),
        "notes": list(found.notes),
        "repaired": list(repaired),
    }
    return (Corrupt if damaged else Missing)(message, *hints, **facts)
