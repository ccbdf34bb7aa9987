"""`mlctl why`: why one model version does better or worse than another.

One difference at a time is swapped (data, a parameter, a module, a file, a variable, ...): a hybrid of both
is fitted in a clean work tree and scored on rows that neither has learnt from (`attribution`). Nothing is
registered, and the project stays as it is.
"""

import msgspec

from mlctl.domain.errors import NotFound, UsageError
from mlctl.domain.ids import Digest
from mlctl.domain.model import ModelVersion
from mlctl.domain.outcome import Outcome
from mlctl.domain.refs import model_version
from mlctl.domain.requests.why import WhyRequest, WhyResult
from mlctl.domain.run import Run
from mlctl.project.engines import engine
from mlctl.project.session import Session
from mlctl.reproduction.differences import run_named
from mlctl.reproduction.named_runs import Named
from mlctl.reproduction.why_kept import KeptWhy, keep, kept, place_of

_MOST = 500


def why(session: Session, request: WhyRequest) -> Outcome[WhyResult]:
    """Attribute the difference of a metric to what differs.

    Raises:
        UsageError: what is named made no model, the two predict different things, or there are no rows that
            neither has learnt from.
        Missing, NotFound, Incomplete, ...: code or data of one are gone; nothing was fitted.
    """
    if not 1 <= request.fits <= _MOST:
        raise UsageError(f"--fits {request.fits}: between 1 and {_MOST}", "mlctl why --help")
    old = _named(session, request.old)
    new = _named(session, request.new or old.told.model)
    sides = tuple((one.told.label, one.run, one.digest) for one in (old, new))
    place = place_of(session, request, sides)
    answer = kept(place) if not request.dry_run else None
    if answer is None:
        result, warnings, lasting = engine("attribution").attribute(session, request, old, new)
        answer = KeptWhy(result=result, warnings=warnings)
        if lasting:
            keep(session, place, answer)
    return Outcome(data=answer.result, warnings=answer.warnings, next=_next(answer.result))


def _next(result: WhyResult) -> tuple[str, ...]:
    """How the seed's luck becomes known, where it is not."""
    if result.luck is not None or result.dry_run or not result.shares or result.new.version is None:
        return ()
    return (f"mlctl train {result.new.label} --repeats 5",)


def _named(session: Session, text: str) -> Named:
    told, run = run_named(session, text)
    if run.status != "finished":
        raise UsageError(
            f"{told.label} {run.status}, and made no model: {run.error or 'no reason is known'}",
            "mlctl runs",
            run=run.run,
        )
    names = session.repository.decisions.names()
    tested = names.value(model_version(told.model, told.version)) if told.version is not None else None
    for digest, version in session.repository.facts.where(ModelVersion, run=run.run):
        if version.level == 1.0 and version.refit_of is None and tested in {None, digest}:
            return Named(told=told, run=run, digest=digest, version=version)
    if tested is not None:  # the run of a refit is another one than that of the version that was tested
        version = session.repository.facts.get(ModelVersion, tested)
        for _, own in session.repository.facts.where(Run, run=version.run):
            told = msgspec.structs.replace(told, run=own.run)
            return Named(told=told, run=own, digest=Digest(tested), version=version)
    raise NotFound(f"{told.label} made no model version that is here", "mlctl fetch", run=run.run)
