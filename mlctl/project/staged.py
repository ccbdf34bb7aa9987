"""Which model's stage is meant by `production` or `demand@production`."""

from mlctl.domain.refs import check_name
from mlctl.project.session import Session


def model_of_stage(session: Session, model: str | None, stage: str) -> str:
    """The model that is named, or the only one that has such a stage, or the project's only one.

    Raises:
        NotFound: there are several. InvalidName.
    """
    if model is not None:
        return check_name("model", model)
    under = session.repository.decisions.names().under("stages/")
    models = {name.split("/")[1] for name in under if name.split("/")[2] == stage}
    return next(iter(models)) if len(models) == 1 else session.model_name(None)


def model_and_stage(session: Session, text: str) -> tuple[str, str]:
    """The two parts of `demand@production`, or of `production`.

    Raises:
        NotFound, InvalidName: as `model_of_stage`.
    """
    model, at, stage = text.rpartition("@")
    check_name("stage", stage)
    return model_of_stage(session, model if at else None, stage), stage
