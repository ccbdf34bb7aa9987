"""`mlctl reproduce`: fit again from the record alone, in a clean work tree, and compare bit for bit.

The record is a run's: its spec, seed, data versions, commit and kept files; the project's own state plays no
part and stays as it is. Where something else comes out, fits under control tell why (`causes`). Either way a
fact says so: who, when, on which machine with which libraries.
"""

import msgspec

from mlctl.domain.errors import DidNotReproduce, NotFound, UsageError
from mlctl.domain.model import ModelVersion
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.reproduce import ReproduceRequest, ReproduceResult
from mlctl.domain.run import Run
from mlctl.evidence.reproduced import recorded
from mlctl.project.engines import engine
from mlctl.project.resolve import DatasetFound, ModelFound, RunFound, resolve, resolve_model, resolve_run
from mlctl.project.session import Session
from mlctl.reproduction.named_runs import Wanted

_MOST = 200
_MOVED = 4
"""Words of "numpy 2.0 -> 2.1"."""


def reproduce(session: Session, request: ReproduceRequest) -> Outcome[ReproduceResult]:
    """Fit again and compare.

    Raises:
        DidNotReproduce: something else came out; with the first place, its class and the full result.
        Missing, NotFound, Incomplete, ...: the record, the code or the data are gone; nothing was fitted.
        UsageError: it is no run, or one that came to nothing.
    """
    if not 1 <= request.fits <= _MOST:
        raise UsageError(f"--fits {request.fits}: between 1 and {_MOST}", "mlctl reproduce --help")
    wanted = _wanted(session, request.selector)
    replays = engine("replays")
    result, warnings = replays.replay(session, request, wanted)
    warnings = (*wanted.warnings, *warnings)
    if not request.dry_run:
        result = recorded(session, wanted.run, result)
    if result.equal is not False:
        return Outcome(data=result, warnings=warnings)
    raise _differs(msgspec.structs.replace(result, remarks=warnings))


def _differs(result: ReproduceResult) -> DidNotReproduce:
    told = next(one.told for one in result.compared if not one.equal)
    cause = f"; class: {result.cause} ({result.proof})" if result.cause else ""
    return DidNotReproduce(
        f"{result.label} did not reproduce: {result.place} differ first ({told}){cause}",
        *_hints(result),
        data=result,
        place=result.place,
        cause=result.cause,
        proof=result.proof,
    )


def _hints(result: ReproduceResult) -> tuple[str, ...]:
    """The package to bring back, where one has moved; what the run was, otherwise."""
    show = f"mlctl show run:{result.run}"
    if result.cause != "library build":
        return (show,)
    moved = (one.split(" ") for one in result.packages)
    pins = [f"{words[0]}=={words[1]}" for words in moved if len(words) == _MOVED and words[2] == "->"]
    pins = [pin for pin in pins if not pin.startswith(("python==", "openblas=="))]
    return (f"pip install {' '.join(pins[:3])}", show) if pins else (show,)


def _wanted(session: Session, text: str | None) -> Wanted:
    """The run and the version that it made.

    Raises:
        NotFound, Ambiguous, UsageError: there is none that could be fitted again.
    """
    found = resolve(session, text) if text is not None else resolve_model(session, session.model_name(None))
    if isinstance(found, RunFound):
        return _of_run(session, found.run, f"run:{found.run.run}")
    if isinstance(found, DatasetFound):
        raise UsageError(f"{text} is a dataset; a run or a model version can be fitted again", "mlctl runs")
    if not isinstance(found, ModelFound):
        raise UsageError(f"{text} is neither a run nor a model version", "mlctl runs", "mlctl models")
    run = resolve_run(session, found.version.run).run
    label = f"{found.model}@{found.number}"
    if found.version.level == 1.0:
        refit = " (refit)" if found.version.refit_of is not None else ""
        return Wanted(label=f"{label}{refit}", run=run, digest=found.digest, version=found.version)
    wanted = _of_run(session, run, label)
    level = f"the level {found.version.level:.4g} of {label} came of labels, not of a fit: it is left out"
    return msgspec.structs.replace(wanted, warnings=(level,))


def _of_run(session: Session, run: Run, label: str) -> Wanted:
    if run.status != "finished":
        raise UsageError(
            f"{label} {run.status}, and made no model: {run.error or 'no reason is known'}",
            "mlctl runs",
            run=run.run,
        )
    made = [
        (digest, version)
        for digest, version in session.repository.facts.where(ModelVersion, run=run.run)
        if version.level == 1.0
    ]
    if not made:
        raise NotFound(f"{label} made no model version that is here", "mlctl fetch", run=run.run)
    digest, version = made[0]
    return Wanted(label=label, run=run, digest=digest, version=version)
