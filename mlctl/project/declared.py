"""What today's spec says of a model that may have been taken out of it."""

from mlctl.domain.errors import NotFound
from mlctl.domain.run import Run
from mlctl.domain.spec import ModelSpec
from mlctl.domain.spec_gates import StageGates
from mlctl.project.places import declared_data
from mlctl.project.session import Session


def declared_model(session: Session, model: str) -> ModelSpec | None:
    """Today's spec of a model, or None where the project no longer declares it."""
    try:
        return session.spec.model.get(model)
    except NotFound:
        return None


def checks_of(session: Session, run: Run) -> tuple[str, ...]:
    """Today's checks of the data that a run learnt from; rows that were served are checked alike."""
    declared = declared_model(session, run.model)
    name = declared.data if declared is not None else run.data[0].name
    data = declared_data(session).get(name)
    return tuple(data.checks) if data is not None else ()


def gates_of(session: Session, model: str, stage: str) -> StageGates:
    """Today's gates of a stage."""
    declared = declared_model(session, model)
    return declared.gates.get(stage, StageGates()) if declared is not None else StageGates()
