"""What `fsck --repair` does under `.mlctl`: objects, facts and decisions come from the remote of the log.

What is damaged is kept in `.mlctl/damaged/`, and moved there only where the remote has the same thing.
"""

from contextlib import suppress
from pathlib import Path

from mlctl.domain.errors import Corrupt, Incomplete
from mlctl.project.remote_stores import remote_setting
from mlctl.project.session import Session
from mlctl.sharing import keys
from mlctl.sharing.lost import bring_lost
from mlctl.sharing.rounds import fetch as fetch_round
from mlctl.store.layout import file_number
from mlctl.store.trash import DAMAGED, Trash
from mlctl.store.verify import Problem
from mlctl.transport.sharing_ways import progress, shared_store

_KINDS = ("objects", "facts", "decisions")


def repairable(session: Session, problems: tuple[Problem, ...]) -> list[Problem]:
    """Those that a remote can heal: of what travels, where the log is a remote's."""
    with suppress(Corrupt):
        if session.repository.decisions.pending.joined() is not None:
            return [problem for problem in problems if _key(session, _path(session, problem)) is not None]
    return []


def repair_store(session: Session, problems: list[Problem]) -> None:
    """Bring back what the remote has; what it lacks stays as it is.

    Raises:
        NotFound, UsageError, Unreachable, Denied, Untrusted, Locked: of the remote.
    """
    repository = session.repository
    trash, moment = Trash(repository.layout.store, DAMAGED), session.clock()
    told = progress(session, "repair")
    damaged = {
        key: path
        for problem in problems
        if problem.kind == "corrupt" and (key := _key(session, path := _path(session, problem))) is not None
    }
    with shared_store(session, remote_setting(session)) as store:
        for key in store.sizes(damaged) if damaged else ():
            trash.take(damaged[key], moment)
        with suppress(Incomplete, Corrupt):  # what can't be healed is found by verifying again
            fetch_round(repository, store, told)
            bring_lost(repository, store, told)


def _path(session: Session, problem: Problem) -> Path:
    return Path(session.repository.root, problem.path)


def _key(session: Session, path: Path) -> str | None:
    """Where the remote keeps what stands at a path; None of what does not travel."""
    store = session.repository.layout.store
    if not path.is_relative_to(store) or path.relative_to(store).parts[0] not in _KINDS:
        return None
    kind = path.relative_to(store).parts[0]
    if kind == "objects":
        return keys.object_of(path.name)
    if kind == "facts":
        return keys.fact(path.parent.name, path.stem)
    number = file_number(path.name)
    return None if number is None else keys.decision(number)
