"""Folders of runs that were broken off, for `gc`: which of them somebody may still go on with."""

from datetime import timedelta

from mlctl.domain.duration import duration
from mlctl.domain.requests.gc import GOES_ON
from mlctl.domain.run import Run
from mlctl.project.session import Session
from mlctl.store.collect import Collector
from mlctl.store.runs import Abandoned
from mlctl.store.trash import files_below

_KEPT = "runs that may go on (mlctl train --resume)"


def collect_broken_off(session: Session, collector: Collector) -> None:
    """Go through them, each locked while it is looked at, so that none is taken up again meanwhile.

    Kept are runs of a program whose recipe has no finished run since, for two weeks after their last word.
    """
    runs = session.repository.runs
    for one in runs.killed():
        with runs.held(one) as ours:
            if ours:
                collector.folder(one.folder, kept=_KEPT if _is_wanted(session, one) else None)


def _is_wanted(session: Session, one: Abandoned) -> bool:
    facts = session.repository.facts
    if not one.may_go_on or facts.where(Run, run=one.run):
        return False
    key = one.about.get("key")
    if key and facts.where(Run, cache_key=key, status="finished"):
        return False
    last = max((path.lstat().st_mtime for path in files_below(one.folder)), default=0.0)
    return session.clock().timestamp() - last < duration(GOES_ON) / timedelta(seconds=1)
