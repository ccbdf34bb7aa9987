"""`mlctl fsck`: verify every byte under `.mlctl/`, every name in the log, and the data in DVC's cache."""

from mlctl.domain.errors import Corrupt, Missing, MlctlError
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.fsck import FsckRequest, FsckResult
from mlctl.store.verify import Verification, verify
from mlctl.verbs.session import Session
from mlctl.workspace.dvc_files import read_settings

_SHOWN = 20


def fsck(session: Session, request: FsckRequest) -> Outcome[FsckResult]:
    """Verify the repository.

    Raises:
        Corrupt: something is damaged; `facts["problems"]` lists every problem by path.
        Missing: nothing is damaged, but something that is named is not there.
    """
    del request
    found = verify(session.repository, read_settings(session.root).cache, session.report)
    if found.problems:
        raise _problems(found)
    return Outcome(data=FsckResult(clean=True, checked=found.checked, swept=found.swept, notes=found.notes))


def _problems(found: Verification) -> MlctlError:
    damaged = any(problem.kind == "corrupt" for problem in found.problems)
    lines = [f"{problem.path}: {problem.kind}: {problem.what}" for problem in found.problems[:_SHOWN]]
    if len(found.problems) > _SHOWN:
        lines.append(f"... and {len(found.problems) - _SHOWN} more; `mlctl fsck --json` lists all")
    count = len(found.problems)
    message = "\n".join([f"{count} problem{'s' if count > 1 else ''} found:", *lines])
    hints = ("dvc pull",) if any("files/md5" in problem.path for problem in found.problems) else ()
    facts = {
        "problems": [
            {"path": problem.path, "kind": problem.kind, "what": problem.what} for problem in found.problems
        ],
        "checked": found.checked,
        "swept": list(found.swept),
        "notes": list(found.notes),
    }
    return (Corrupt if damaged else Missing)(message, *hints, **facts)
