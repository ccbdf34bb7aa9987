import numpy as np
import pyarrow as pa
import pytest

from mlctl.deployment.answered import Answered
from mlctl.deployment.frozen import freeze, served_rows
from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.model import ModelVersion
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.tabular.parquet import table_from
from mlctl.verbs.promote import promote
from mlctl.verbs.train import train


def answered(truth, times, **columns):
    moments = np.array(times, dtype="datetime64[ms]")
    return Answered(
        table=pa.table(columns),
        time=moments,
        digests=np.array([""] * len(moments)),
        observed=pa.chunked_array([pa.array(truth)]),
        clock="event",
    )


SCHEMA = pa.schema([("id", pa.int64()), ("size", pa.int64()), ("rides", pa.int64())])


def test_whole_numbers_that_came_as_floats_are_integers_again():
    found = served_rows(answered([3.0], ["2012-01-01"], id=[1.0], size=[7.0]), SCHEMA, "rides")
    assert found.schema.types == [pa.int64()] * 3


def test_a_fraction_is_never_rounded_away_neither_in_the_truth_nor_in_a_feature():
    found = served_rows(
        answered([3.5, 4.0], ["2012-01-01", "2012-01-02"], id=[1, 2], size=[7.25, 8.0]), SCHEMA, "rides"
    )
    assert found.column("rides").to_pylist() == [3.5, 4.0]
    assert found.column("size").to_pylist() == [7.25, 8.0]
    assert found.column("id").type == pa.int64()


@pytest.fixture
def incumbent(learner):
    train(learner.session(), TrainRequest())
    digest = promote(learner.session(), PromoteRequest()).data.digest
    return learner.session().repository.facts.get(ModelVersion, digest)


def test_labelled_rows_without_an_event_time_are_left_out_and_do_not_hide_how_far_the_others_go(
    learner, incumbent
):
    session = learner.session()
    rows = answered(
        [50.0, 51.0],
        ["2012-03-01", "NaT"],
        id=[1000, 1001],
        day=["2012-03-01", None],
        temp=[0.5, 0.5],
        wind=[0.1, 0.1],
    )
    frozen = freeze(session, "demand", session.model_spec("demand"), incumbent, rows)
    version = session.repository.facts.get(DatasetVersion, frozen.digest)
    assert version.origin["through"] == "2012-03-01T00:00:00Z"
    assert (frozen.rows, frozen.served) == (401, 1)


def test_labelled_rows_without_a_key_all_stay(learner, incumbent):
    session = learner.session()
    rows = answered(
        [50.0, 51.0],
        ["2012-03-01", "2012-03-02"],
        id=pa.array([None, None], pa.int64()),
        day=["2012-03-01", "2012-03-02"],
        temp=[0.5, 0.5],
        wind=[0.1, 0.1],
    )
    frozen = freeze(session, "demand", session.model_spec("demand"), incumbent, rows)
    version = session.repository.facts.get(DatasetVersion, frozen.digest)
    table = table_from(session.repository.objects.read(version.sha256))
    assert table.column("rides").to_pylist()[-2:] == [50.0, 51.0]
