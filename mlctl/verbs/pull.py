"""`mlctl pull`: fetch, and bring the data that the work tree's pointers name, where nothing is lost.

A dataset that was changed here, or cannot be read, stays as it is, and is told.
"""

from pathlib import Path

from mlctl.domain.errors import (
    Incomplete,
    InvalidName,
    NotFound,
    PermissionRefused,
    UsageError,
    WorkspaceDirty,
)
from mlctl.domain.outcome import Outcome
from mlctl.domain.progress import Report
from mlctl.domain.requests.data_checkout import DataCheckoutRequest, DataCheckoutResult
from mlctl.domain.requests.pull import PullRequest, PullResult
from mlctl.project.places import known_places
from mlctl.project.session import Session
from mlctl.transport.beginning import session_of
from mlctl.transport.withheld import withheld
from mlctl.verbs.data_checkout import data_checkout
from mlctl.verbs.fetch import fetch
from mlctl.workspace.dvc_owners import pointer_at


def pull(request: PullRequest, *, report: Report, command: str) -> Outcome[PullResult]:
    """Bring what others have decided, and the data of the work tree.

    Raises:
        NoRepository, NotFound, UsageError, Corrupt, Untrusted, Incomplete, Unreachable, Denied, Locked: as
            `fetch`, and of the data. Incomplete names what is missing once all else is there.
    """
    fetched = fetch(request, report=report, command=command)
    session, _made = session_of(Path(request.folder).absolute(), report=report, command=command)
    files, kept, lacking = 0, {}, []
    for name, md5 in _pointed(session).items():
        try:
            restored = data_checkout(session, DataCheckoutRequest(dataset=name)).data
        except WorkspaceDirty:
            kept[name] = f"{name} was changed here and stays as it is"
        except (UsageError, InvalidName, PermissionRefused) as error:
            if "path" not in error.facts:  # of the remote's configuration, not of this dataset
                raise
            kept[name] = f"{name} stays as it is: {error.message}"
        except Incomplete as error:
            if md5 in withheld(session):
                kept[name] = f"{name} is on no remote: its pointer says `push: false`"
            else:
                lacking.append(error)  # the other datasets come all the same
        else:
            files += _moved(restored)
    if lacking:
        raise _all_of(lacking)
    data = PullResult(
        fetched=fetched.data, files=files, kept=tuple(kept), changed=bool(fetched.data.changed or files)
    )
    warnings = (*fetched.warnings, *session.warnings, *kept.values())
    return Outcome(data=data, warnings=warnings, next=fetched.next)


def _all_of(lacking: list[Incomplete]) -> Incomplete:
    paths = [path for error in lacking for path in error.facts.get("paths", ())]
    facts = {**lacking[0].facts, "paths": paths}
    return Incomplete("\n".join(error.message for error in lacking), *lacking[0].hints, **facts)


def _pointed(session: Session) -> dict[str, str]:
    """The datasets that have a pointer in the work tree, and the md5 that it says."""
    try:
        places = known_places(session)[0]
    except NotFound:
        return {}
    found = ((place.name, pointer_at(session.root, place.path)) for place in places)
    return {name: pointer.md5 for name, pointer in found if pointer is not None}


def _moved(restored: DataCheckoutResult) -> int:
    return sum(len(one.written) + len(one.removed) for one in restored.datasets)
