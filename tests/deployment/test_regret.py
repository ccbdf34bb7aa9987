import msgspec
import numpy as np
import pyarrow as pa

from mlctl.deployment.answered import Answered
from mlctl.deployment.regret import look_back
from mlctl.deployment.view import View
from mlctl.deployment.watched import deployed_version
from mlctl.domain.model import ModelVersion
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.project.session import Session
from mlctl.verbs.promote import promote
from mlctl.verbs.train import train
from tests.verbs.learner import spec

DAYS = 40


class Result(msgspec.Struct):
    """The part of a monitor's result that looking back asks for."""

    model: str = "demand"
    stage: str = "production"


def test_a_model_before_that_cannot_answer_todays_rows_is_not_regretted(learner):
    """The new model dropped a feature, so requests do not carry it any more."""
    train(learner.session(), TrainRequest())
    promote(learner.session(), PromoteRequest())
    learner.write("mlctl.toml", spec().replace('baseline = "mean"', 'baseline = "mean"\nexclude = ["wind"]'))
    train(learner.session(), TrainRequest())
    opened = learner.session()
    actor = msgspec.structs.replace(opened.actor, via="loop")
    looping = Session(opened.repository, clock=opened.clock, actor=actor)
    promote(looping, PromoteRequest(force=True, reason="a test"))

    session = learner.session()
    names = session.repository.decisions.names()
    deployed = deployed_version(session, "demand", "production", names)
    assert isinstance(deployed.model, ModelVersion)
    moments = np.datetime64("2012-03-01", "ms") + np.arange(DAYS) * np.timedelta64(12, "h")
    truth = pa.array(np.full(DAYS, 50.0))
    table = pa.table({"temp": np.zeros(DAYS), "mlctl.output": np.full(DAYS, 90.0)})
    view = View(
        result=Result(),
        seen=None,
        answered=Answered(
            table=table,
            time=moments,
            digests=np.array([deployed.digest] * DAYS),
            observed=pa.chunked_array([truth]),
            clock="event",
        ),
        known={deployed.digest: deployed},
        deployed=deployed,
        rules=None,
    )
    assert look_back(session, view, names, dry_run=False) is None
