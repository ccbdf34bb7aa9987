"""`plan`: what is stale and why, step by step, as `build` would take them."""

from mlctl.domain.errors import WouldChange
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.plan import PlanRequest, PlanResult
from mlctl.project.session import Session
from mlctl.verbs.steps import steps_of


def plan(session: Session, request: PlanRequest) -> Outcome[PlanResult]:
    """The steps and their states.

    Raises:
        WouldChange: `check` was asked, and something is stale.
        NotFound: no such model in the spec.
    """
    steps = steps_of(session, request.model, request.to)
    stale = [step for step in steps if step.state != "fresh"]
    result = PlanResult(steps=steps, fresh=not stale)
    if request.check and stale:
        names = ", ".join(step.step for step in stale)
        raise WouldChange(f"stale: {names}", "mlctl build", data=result, stale=[step.step for step in stale])
    return Outcome(data=result, next=("mlctl build",) if stale else ())
