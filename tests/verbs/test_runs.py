import pytest

from mlctl.domain.errors import UsageError
from mlctl.domain.requests.runs import RunsRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.verbs.runs import runs
from mlctl.verbs.train import train


@pytest.fixture
def two(learner):
    for alpha in ("0.1", "5000"):
        train(learner.session(), TrainRequest(set=(f"alpha={alpha}",)))
    return learner


def listed(project, **request):
    return runs(project.session(), RunsRequest(**request)).data


def test_runs_are_listed_newest_first_with_what_they_made(two):
    found = listed(two)
    assert [row.version for row in found.runs] == [2, 1]
    newest = found.runs[0]
    assert (newest.params, newest.data, newest.status) == ({"alpha": 5000}, ["rides@1"], "finished")
    assert set(newest.code) == {"commit", "dirty"}
    assert found.total == 2


@pytest.mark.parametrize(
    ("where", "versions"),
    [
        ("alpha < 1", [1]),
        ("params.alpha > 1 and status = 'finished'", [2]),
        ("metrics.mae < 1.5", [1]),
        ("version = 7", []),
        ("model = 'demand' and not dirty", []),
    ],
)
def test_a_condition_chooses_among_them(two, where, versions):
    found = listed(two, where=where)
    assert [row.version for row in found.runs] == versions
    assert found.total == 2


def test_any_field_metric_or_parameter_sorts_them(two):
    assert [row.version for row in listed(two, sort="mae").runs] == [1, 2]
    assert [row.version for row in listed(two, sort="-mae").runs] == [2, 1]
    assert [row.version for row in listed(two, sort="params.alpha", limit=1).runs] == [1]


@pytest.mark.parametrize("request_", [{"where": "mea < 3"}, {"sort": "mea"}])
def test_a_name_that_no_run_has_is_refused_with_the_nearest(two, request_):
    with pytest.raises(UsageError, match="did you mean 'mae'"):
        listed(two, **request_)


def test_an_expression_that_is_none_is_refused(two):
    with pytest.raises(UsageError, match="mae <"):
        listed(two, where="mae <")


def test_without_runs_the_list_is_empty(learner):
    assert listed(learner).runs == ()
