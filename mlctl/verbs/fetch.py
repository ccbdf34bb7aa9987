"""`mlctl fetch`: bring decisions and their facts; data stay where they are until they are asked for.

Everything is verified before any of it counts. What today's names need and has been lost here comes again.
In a folder that git has brought (with `config.toml`) it makes the repository first.
"""

from pathlib import Path

from mlctl.domain.outcome import Outcome
from mlctl.domain.progress import Report
from mlctl.domain.requests.fetch import FetchRequest, FetchResult
from mlctl.domain.sharing import spoken
from mlctl.project.remote_stores import remote_setting
from mlctl.sharing.lost import bring_lost, has_lost
from mlctl.sharing.rounds import fetch as fetch_round
from mlctl.sharing.rounds import fetch_everything
from mlctl.transport.beginning import log_names, session_of
from mlctl.transport.sharing_ways import progress, shared_store, telling


def fetch(request: FetchRequest, *, report: Report, command: str) -> Outcome[FetchResult]:
    """Bring what others have decided.

    Raises:
        NoRepository, NotFound, UsageError: there is no repository, or no remote for its log.
        Corrupt, Untrusted, Incomplete: of what the remote holds; nothing was changed here.
        Unreachable, Denied, Locked.
    """
    only = log_names(request.only)
    session, made = session_of(Path(request.folder).absolute(), report=report, command=command)
    setting = remote_setting(session)
    told = progress(session, "fetch")
    repository = session.repository
    more = objects = 0
    lost = not made and has_lost(repository)
    with shared_store(session, setting) as store:
        done = fetch_round(repository, store, told, only=only)
        if request.everything:
            more, objects = fetch_everything(repository, store, told)
        elif lost:
            more, objects = bring_lost(repository, store, told)
    overlay = repository.decisions.overlay()
    data = FetchResult(
        remote=setting.name,
        decisions=done.decisions,
        facts=done.facts + more,
        objects=objects,
        parted=done.parted,
        renumbered=telling(done.renumbered),
        waiting=tuple(spoken(number) for number in overlay.waiting) if overlay is not None else (),
        made=made,
        changed=bool(done.decisions or done.facts or objects or more or made),
    )
    hints = ("mlctl log --pending",) if data.waiting else ()
    return Outcome(data=data, warnings=session.warnings, next=hints)
