"""`mlctl data evict`: free space in the cache, only of bytes that the remote verifiably has.

A plan by default. With --yes, under the lock that dvc and every data command take: prove, write down what
goes and who has it, then remove file by file. Killed anywhere, the cache holds whole files, and `data
checkout` fetches what is not there. Listings of folders stay.
"""

import shlex
from collections.abc import Iterable
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Lock

from mlctl.contracts.remote import RemoteStore
from mlctl.datasets.cache_users import other_projects, own_trees
from mlctl.datasets.evictable import Evictable, Old, evictable
from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.duration import duration
from mlctl.domain.errors import UsageError
from mlctl.domain.outcome import Outcome
from mlctl.domain.progress import Event
from mlctl.domain.requests.data_evict import Amount, DataEvictRequest, DataEvictResult
from mlctl.project.remote_stores import open_data_store
from mlctl.project.session import Session
from mlctl.sharing import proof
from mlctl.sharing.proof import Held
from mlctl.store.evicted import Evicted
from mlctl.store.known import was_given
from mlctl.transport.send_command import send_command
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import read_settings
from mlctl.workspace.dvc_lock import dvc_lock
from mlctl.workspace.files import said

_NAMED = 20


def data_evict(session: Session, request: DataEvictRequest) -> Outcome[DataEvictResult]:
    """Plan, or evict.

    Raises:
        NotFound, InvalidName: there is no such dataset, or no remote.
        UsageError: a cache that is the remote itself, or that projects share which were not named; or what is
            old makes no sense.
        Unreachable, Denied: the remote could not be asked; nothing was removed.
        Locked: dvc or another data command is at work.
    """
    cache = DvcCache(read_settings(session.root).cache)
    act = request.yes and not request.dry_run
    others = other_projects(session.root, cache.folder, request.projects, "mlctl data evict")
    trees = own_trees(session.root)
    old = _old(session, request)
    with ExitStack() as stack:
        for tree in dict.fromkeys([*trees, *others]):
            stack.enter_context(dvc_lock(tree, [cache.folder]))
        free = evictable(session, request.datasets, cache, trees, others, old=old)
        store = stack.enter_context(closing(open_data_store(session, request.remote)))
        held = proof.look(store, cache, free.md5s, trust_size=request.trust_size)
        if act and held.proofs:
            held = _prove(session, store, cache, held)
        result = _result(cache, free, held, store.url, done=request.yes, changed=act and bool(held.proofs))
        if result.changed:
            _remove(session, cache, store.url, held)
    return Outcome(data=result, next=_next(session, request, result, free))


def _old(session: Session, request: DataEvictRequest) -> Old | None:
    """Which versions are meant where not all are."""
    if request.keep is None and request.older_than is None:
        return None
    if request.older_than is None:
        return Old(keep=request.keep or 0)
    try:
        before = session.clock() - duration(request.older_than)
    except ValueError as error:
        raise UsageError(str(error), "mlctl data evict --help") from error
    return Old(keep=request.keep or 0, before=before)


def _prove(session: Session, store: RemoteStore, cache: DvcCache, held: Held) -> Held:
    """All proof there is to be had.

    Raises:
        UsageError: the remote is the cache itself.
    """
    if not proof.is_another_place(store, cache):
        raise UsageError(
            f"the remote {store.url} is the cache {cache.folder} itself: nothing was removed",
            "mlctl data status --remote",
            url=store.url,
        )
    total = sum(held.sizes[md5] for md5, kind in held.proofs.items() if kind == proof.READ)
    read, lock = 0, Lock()

    def told(more: int) -> None:
        nonlocal read
        with lock:  # several threads read
            read += more
            session.report(Event(step="read back from the remote", done=read, total=total, unit="bytes"))

    return proof.read_back(store, held, told)


def _remove(session: Session, cache: DvcCache, url: str, held: Held) -> None:
    Evicted(session.repository.layout, session.repository.files).add(
        session.now(), url, held.proofs, cache.has
    )
    for done, md5 in enumerate(held.proofs, 1):
        try:
            cache.path(md5).unlink(missing_ok=True)
        except OSError as error:
            raise said(error) from error
        session.report(Event(step="evict", done=done, total=len(held.proofs), unit="files"))


def _result(
    cache: DvcCache, free: Evictable, held: Held, url: str, *, done: bool, changed: bool
) -> DataEvictResult:
    kept_sizes = {md5: _size(cache.path(md5)) for md5 in free.kept} | held.sizes
    return DataEvictResult(
        datasets=free.labels,
        url=url,
        files=len(held.proofs),
        bytes=sum(held.sizes[md5] for md5 in held.proofs),
        proofs=_amounts(held.proofs.items(), held.sizes),
        kept=_amounts([*free.kept.items(), *held.failed.items()], kept_sizes),
        done=done,
        changed=changed,
    )


def _amounts(items: Iterable[tuple[str, str]], sizes: dict[str, int]) -> tuple[Amount, ...]:
    by_kind: dict[str, list[str]] = {}
    for md5, kind in items:
        by_kind.setdefault(kind, []).append(md5)
    return tuple(
        Amount(
            what=kind,
            files=len(md5s),
            bytes=sum(sizes[md5] for md5 in md5s),
            names=tuple(sorted(md5s)[:_NAMED]),
        )
        for kind, md5s in sorted(by_kind.items())
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _next(
    session: Session, request: DataEvictRequest, result: DataEvictResult, free: Evictable
) -> tuple[str, ...]:
    layout = session.repository.layout
    then = []
    if any(one.what == proof.ABSENT for one in result.kept):
        given = any(was_given(layout, DatasetVersion.kind, digest) for digest in free.versions)
        then.append(send_command(session.root, given=given))
    if result.files and not request.yes:
        trust = ["--trust-size"] if request.trust_size else []
        from_it = ["--remote", request.remote] if request.remote else []
        others = [word for path in request.projects for word in ("--projects", path)]
        old = [] if request.keep is None else ["--keep", str(request.keep)]
        old += [] if request.older_than is None else ["--older-than", request.older_than]
        words = ["mlctl", "data", "evict", *request.datasets, *old, *from_it, *others, *trust, "--yes"]
        then.append(shlex.join(words))
    return tuple(then)
