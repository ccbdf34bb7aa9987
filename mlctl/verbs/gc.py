"""`mlctl gc`: a plan of what nothing needs, and with --yes its move to a trash.

Needed is what any decision names (undone ones too), any run, evaluation or report, anything pending or live,
and every pointer in any commit, stash, reflog, index or work tree of git. The rest goes to `.mlctl/trash/`
and `<cache>/trash/`, from where --restore brings it back. So do the folders of runs that were broken off and
that nobody can, or is likely to, go on with, and what the rules of `[retain]` let go.
"""

from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from mlctl.datasets.cache_users import other_projects, own_trees
from mlctl.datasets.needed import wanted_data
from mlctl.domain.duration import duration
from mlctl.domain.errors import NotFound, UsageError
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.gc import Counted, GcRequest, GcResult, LetGo
from mlctl.domain.spec_retain import RetainSpec
from mlctl.project.engines import engine
from mlctl.project.session import SPEC_FILE, Session
from mlctl.store.collect import Collector, Tally
from mlctl.store.reachable import reachable, unreached_facts, unreached_objects
from mlctl.store.trash import DAMAGED, Collection, Trash
from mlctl.training.broken_off import collect_broken_off
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import read_settings
from mlctl.workspace.dvc_lock import dvc_lock


def gc(session: Session, request: GcRequest) -> Outcome[GcResult]:
    """Plan, collect, restore or empty.

    Raises:
        UsageError: two acts at once, or a cache that other projects share and that were not named.
        Missing, Corrupt: what is needed cannot be told.
        Locked: dvc or another data command is at work.
        NotFound: there is nothing in the trash to restore.
    """
    if request.restore and request.empty:
        raise UsageError("--restore and --empty are two different acts", "mlctl gc --help")
    cache = DvcCache(read_settings(session.root).cache)
    if request.restore:
        return _restore(session, request, cache)
    if request.empty:
        return _empty(session, request, cache)
    others = other_projects(session.root, cache.folder, request.projects, "mlctl gc")
    with ExitStack() as locks:
        for tree in dict.fromkeys([*own_trees(session.root), *others]):
            locks.enter_context(dvc_lock(tree, [cache.folder]))
        return _collect(session, request, cache, others)


def _collect(session: Session, request: GcRequest, cache: DvcCache, others: list[Path]) -> Outcome[GcResult]:
    repository, act = session.repository, request.yes and not request.dry_run
    if act and Trash(repository.layout.store).folders():
        engine("retention").give_back_held(session)
    needed = reachable(repository, session.report)
    wanted = wanted_data(
        repository, needed, cache, others, allow_missing=request.allow_missing, report=session.report
    )
    moment, lease = session.clock(), _span(request.older_than).total_seconds()

    def collector(place: Path) -> Collector:
        return Collector(place, moment=moment, lease=lease, act=act, report=session.report)

    store = repository.layout.store
    places = (store, store, cache.folder, store, store)
    facts, objects, data, runs, old = (collector(place) for place in places)
    facts.files(unreached_facts(repository, needed))  # before the objects that they name
    objects.files(unreached_objects(repository, needed))
    data.cache(wanted)
    collect_broken_off(session, runs)
    released = _released(session, old, act=act)
    parts = {"data": data, "objects": objects, "facts": facts, "broken-off runs": runs, "retention": old}
    gone = tuple(_counted(name, part.gone) for name, part in parts.items() if part.gone.files)
    young = [part.young for part in parts.values()]
    result = GcResult(
        act="collect" if request.yes else "plan",
        collected=gone,
        kept=tuple(_counted(reason, tally) for reason, tally in (data.kept | runs.kept).items()),
        young=Counted(
            what="young", files=sum(one.files for one in young), bytes=sum(one.bytes for one in young)
        ),
        released=released,
        trash=_in_trash(session, cache),
        cache=str(cache.folder),
        changed=act and bool(gone),
    )
    then = (
        ("mlctl gc --restore",) if result.changed else ("mlctl gc --yes",) if gone and not request.yes else ()
    )
    return Outcome(data=result, next=then)


def _released(session: Session, collector: Collector, *, act: bool) -> tuple[LetGo, ...]:
    """By the rules of the spec; nothing where it has none, or where there is no spec."""
    if not (session.root / SPEC_FILE).exists():
        return ()
    retain = session.spec.retain
    if retain == RetainSpec():
        return ()
    released = engine("retention").release(session, retain, collector, act=act)
    return tuple(LetGo(label=one.label, rule=one.rule, files=len(one.objects)) for one in released)


def _restore(session: Session, request: GcRequest, cache: DvcCache) -> Outcome[GcResult]:
    """Objects come back before the facts that name them, files before the listings that name them."""
    found = _collections(session, cache)
    if not found:
        raise NotFound("the trash is empty: there is nothing to restore", "mlctl gc")
    if not request.dry_run:
        for trash, collection in found:
            trash.restore(collection)
    return Outcome(data=_result(session, cache, "restore", found, act=not request.dry_run))


def _empty(session: Session, request: GcRequest, cache: DvcCache) -> Outcome[GcResult]:
    grace, now = _span(request.grace), session.clock()
    everything = _collections(session, cache, damaged=True)
    found = [(trash, one) for trash, one in everything if one.older_than(grace, now)]
    act = request.yes and not request.dry_run
    for trash, collection in found if act else ():
        trash.empty(collection)
    result = _result(session, cache, "empty", found, act=act)
    again = f"mlctl gc --empty --grace {request.grace} --yes"
    return Outcome(data=result, next=(again,) if found and not request.yes else ())


def _result(
    session: Session, cache: DvcCache, what: str, found: list[tuple[Trash, Collection]], *, act: bool
) -> GcResult:
    return GcResult(
        act=what,
        collected=tuple(_row(collection) for _trash, collection in found),
        trash=_in_trash(session, cache),
        cache=str(cache.folder),
        changed=bool(found) and act,
    )


def _collections(
    session: Session, cache: DvcCache, *, damaged: bool = False
) -> list[tuple[Trash, Collection]]:
    """What was collected, and if asked what `fsck --repair` has replaced."""
    trashes = [Trash(cache.folder), Trash(session.repository.layout.store)]
    trashes += [Trash(cache.folder, DAMAGED)] if damaged else []
    return [(trash, collection) for trash in trashes for collection in trash.collections()]


def _in_trash(session: Session, cache: DvcCache) -> tuple[Counted, ...]:
    return tuple(_row(collection) for _trash, collection in _collections(session, cache))


def _row(collection: Collection) -> Counted:
    return Counted(what=collection.time, files=collection.files, bytes=collection.bytes)


def _counted(what: str, tally: Tally) -> Counted:
    return Counted(what=what, files=tally.files, bytes=tally.bytes, paths=tuple(tally.paths))


def _span(text: str) -> timedelta:
    try:
        return duration(text)
    except ValueError as error:
        raise UsageError(str(error), "mlctl gc --help") from error
