import pytest

from mlctl.domain.errors import NotFound
from mlctl.domain.requests.models import ModelsRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.verbs.models import models
from mlctl.verbs.promote import promote
from mlctl.verbs.train import train


def listed(project, **request):
    return models(project.session(), ModelsRequest(**request)).data.models


def test_versions_stand_with_the_stages_that_hold_them(learner):
    first = train(learner.session(), TrainRequest()).data
    promoted = promote(learner.session(), PromoteRequest()).data
    train(learner.session(), TrainRequest(seed=9))
    (row,) = listed(learner)
    assert row.name == "demand"
    assert [version.version for version in row.versions] == [1, 2]
    assert row.versions[0].stages == ["production"]
    assert (row.versions[0].digest, row.versions[0].run) == (first.digest, first.run)
    assert row.versions[0].refit == promoted.digest
    assert row.versions[1].stages == []
    assert row.stages == {"production": 1}
    assert row.versions[0].metrics == first.metrics


def test_without_models_the_list_is_empty_and_one_that_is_asked_for_is_not_found(learner):
    assert listed(learner) == ()
    with pytest.raises(NotFound, match="demnd"):
        listed(learner, model="demnd")
