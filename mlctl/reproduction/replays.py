"""The heavy half of `reproduce`: the clean work tree, the fits, the comparison."""

import msgspec

from mlctl.domain.errors import Corrupt, Missing
from mlctl.domain.replay import Controls
from mlctl.domain.requests.reproduce import ReproduceRequest, ReproduceResult
from mlctl.domain.used import Used
from mlctl.project.session import Session
from mlctl.reproduction.attempts import Attempts
from mlctl.reproduction.causes import Then, cause_of
from mlctl.reproduction.clean_project import (
    CleanProject,
    clean_project,
    code_of,
    require_code,
    require_data,
    used_of,
)
from mlctl.reproduction.comparing import answers_differ, compared, first_difference
from mlctl.reproduction.departures import departures, packages_changed
from mlctl.reproduction.named_runs import Wanted
from mlctl.reproduction.replaying import recorded


def replay(
    session: Session, request: ReproduceRequest, wanted: Wanted
) -> tuple[ReproduceResult, tuple[str, ...]]:
    """The result, and warnings.

    Raises:
        Missing, NotFound, Incomplete, Corrupt, ...: something that the fit needs is gone.
    """
    run = wanted.run
    used = used_of(session, run)
    code_ran = used is not None
    require_code(session, run, code_ran=code_ran)
    versions = require_data(session, run)
    names = session.repository.decisions.names()
    data = tuple(
        f"{use.name}@{names.number_of(f'datasets/{use.name}', use.digest) or use.digest[:12]}"
        for use in run.data
    )
    del versions
    packages, _ = packages_changed(run, used)
    result = ReproduceResult(
        run=run.run,
        model=run.model,
        label=wanted.label,
        digest=wanted.digest,
        purpose=run.purpose,
        seed=run.seed,
        equal=None,
        packages=packages,
        code=code_of(run, code_ran=code_ran),
        data=data,
        dry_run=request.dry_run,
    )
    with clean_project(session, run, used) as clean:
        gone = departures(clean, used)
        result = msgspec.structs.replace(result, departures=gone)
        if request.dry_run:
            return result, clean.warnings
        return _fitted(session, request, wanted, clean, result, used), clean.warnings


def _fitted(
    session: Session,
    request: ReproduceRequest,
    wanted: Wanted,
    clean: CleanProject,
    result: ReproduceResult,
    used: Used | None,
) -> ReproduceResult:
    record = recorded(wanted.run, wanted.version)
    attempts = Attempts(session, clean, wanted.digest, record, most=request.fits, seconds=wanted.run.seconds)
    first = attempts.fit(Controls())
    answers = ""
    if first.error is None and first.answers != record.answers:
        answers = _answers(session, attempts, record.answers)
    places = compared(record, first, answers)
    place = first_difference(places)
    packages, computed = packages_changed(wanted.run, used, first.kernels)
    then = Then(
        run=wanted.run,
        departures=result.departures,
        packages=packages,
        computed=computed,
        live=used.live if used else (),
    )
    found = cause_of(attempts, then) if place is not None else None
    return msgspec.structs.replace(
        result,
        equal=place is None,
        place=place,
        cause=found.cause if found else None,
        proof=found.proof if found else "",
        compared=places,
        packages=packages,
        kernels=first.kernels,
        attempts=tuple(attempts.done),
    )


def _answers(session: Session, attempts: Attempts, digest: str | None) -> str:
    if digest is None:
        return "the record has none"
    try:
        return answers_differ(session.repository.objects.read(digest), attempts.reference(1))
    except (Missing, Corrupt):
        return "differ; the recorded ones are not in the store"
