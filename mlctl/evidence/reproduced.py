"""What is on record of runs that were fitted again; light, since cards and scores ask."""

from itertools import takewhile
from typing import Any

import msgspec

from mlctl.domain.ids import Digest
from mlctl.domain.reproduction import Reproduction, same_outcome, same_try
from mlctl.domain.requests.reproduce import ReproduceResult
from mlctl.domain.run import Run
from mlctl.project.session import Session
from mlctl.workspace.environment import environment


def reproductions_of(session: Session, run: str) -> list[tuple[Digest, Reproduction]]:
    """Of one run, oldest first."""
    return session.repository.facts.where(Reproduction, run=run)


def recorded(session: Session, run: Run, result: ReproduceResult) -> ReproduceResult:
    """The result, with the fact that tells of it: a new one where outcome or environment are not the last's.

    The last is that of the same version, environment and way (terminal, CI, loop): where a run comes out now
    so and now so, each change is on record, and where CI repeats what it has found, nothing is added.
    """
    fact = Reproduction(
        created_at=session.now(),
        model=run.model,
        run=run.run,
        version=Digest(result.digest),
        actor=session.actor,
        command=session.command,
        environment=environment(),
        kernels=result.kernels,
        equal=result.equal is True,
        place=result.place,
        cause=result.cause,
        proof=result.proof,
        told=_told(result),
        packages=result.packages,
        fits=len(result.attempts),
    )
    alike = [one for one in reproductions_of(session, run.run) if same_try(one[1], fact)]
    if alike and same_outcome(alike[-1][1], fact):
        return msgspec.structs.replace(result, recorded=alike[-1][0], changed=False)
    digest = session.repository.facts.add(fact)
    session.repository.flush()
    return msgspec.structs.replace(result, recorded=digest, changed=True)


def _told(result: ReproduceResult) -> str:
    if result.equal:
        return ", ".join(one.place for one in result.compared)
    equal = takewhile(lambda one: one.equal, result.compared)
    differing = result.compared[len(list(equal)) :]
    return differing[0].told if differing else ""


def reproductions_told(found: list[tuple[Digest, Reproduction]]) -> list[dict[str, Any]]:
    """What `show` says of them."""
    return [
        {
            "digest": digest,
            "time": one.created_at,
            "by": one.actor.name or one.actor.user,
            "via": one.actor.via,
            "host": one.actor.host,
            "version": one.version,
            "equal": one.equal,
            "place": one.place,
            "cause": one.cause,
            "outcome": one.outcome,
            "where": one.where,
        }
        for digest, one in found
    ]
