"""The model's spec as a run recorded it; light, so that a plan may ask."""

from mlctl.domain.records import decode
from mlctl.domain.run import Run
from mlctl.domain.spec import ModelSpec
from mlctl.verbs.session import Session


def spec_of(session: Session, run: Run) -> ModelSpec:
    """The model's spec as the run recorded it."""
    return decode(session.repository.objects.read(run.spec), ModelSpec)
