"""The model's spec as a run recorded it; light, so that a plan may ask."""

from mlctl.domain.run import Run
from mlctl.domain.spec import ModelSpec
from mlctl.domain.spec_kept import kept_spec
from mlctl.project.session import Session


def spec_of(session: Session, run: Run) -> ModelSpec:
    """The model's spec as the run recorded it."""
    return kept_spec(session.repository.objects.read(run.spec))
