"""The split in words: the rule from the spec, the rows from a run's record or from the data itself."""

import pytest

from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.plan import PlanRequest
from mlctl.domain.requests.spec_explain import SpecExplainRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.spec import SplitSpec
from mlctl.domain.split_words import rule
from mlctl.verbs.data_add import data_add
from mlctl.verbs.plan import plan
from mlctl.verbs.spec_explain import spec_explain
from mlctl.verbs.train import train
from tests.verbs.learner import spec

EMBARGO = spec().replace('test = "25%"', 'test = "25%"\nembargo = "7d"')
RULE = "by time: the newest 25% of the rows are held out; the 7d before them are left out"
SIDES = (
    "learns from 293 rows, 2011-01-01 00:00 to 2011-10-20 00:00",
    "held out are 100 rows, 2011-10-28 00:00 to 2012-02-04 00:00",
    "in neither are 7 rows, the embargo of 7d",
)


def planned(project):
    return next(step for step in plan(project.session(), PlanRequest()).data.steps if "train" in step.step)


def explained(project, key=None):
    return spec_explain(project.session(), SpecExplainRequest(key=key)).data.splits


def test_train_and_plan_tell_the_rows_of_each_side_and_the_embargo(learner):
    learner.write("mlctl.toml", EMBARGO)
    assert planned(learner).told == (RULE,)
    assert train(learner.session(), TrainRequest()).data.split == (RULE, *SIDES)
    fresh = planned(learner)
    assert (fresh.state, fresh.told) == ("fresh", (RULE, *SIDES))
    learner.write("mlctl.toml", EMBARGO.replace("params = {}", "params = { alpha = 2.0 }"))
    stale = planned(learner)
    assert (stale.state, stale.told) == ("stale", (RULE, *SIDES)), (
        "another parameter splits no rows otherwise"
    )
    learner.write("mlctl.toml", EMBARGO.replace('"7d"', '"8d"'))
    assert len(planned(learner).told) == 1, "what a run with another embargo recorded is not this split"


def test_the_spec_explains_the_split_of_rows_that_nothing_has_learnt_from(learner):
    learner.write("mlctl.toml", EMBARGO)
    assert explained(learner) == {"demand": (RULE,)}
    assert "mlctl data add" in explained(learner, "model.demand.split")["demand"][1]
    data_add(learner.session(), DataAddRequest(paths=("data/rides.csv",)))
    assert explained(learner, "model.demand.split") == {"demand": (RULE, *SIDES)}
    assert explained(learner, "model.demand.eval") == {}


def test_a_split_that_cannot_be_says_why(learner):
    learner.write("mlctl.toml", EMBARGO.replace('"7d"', '"900d"'))
    data_add(learner.session(), DataAddRequest(paths=("data/rides.csv",)))
    assert "training set is empty" in explained(learner, "model.demand.split")["demand"][1]


@pytest.mark.parametrize(
    ("split", "said"),
    [
        (SplitSpec(), "at random: 20% of the rows are held out, by a hash of their key"),
        (SplitSpec(by="stratified"), "at random: 20% of the rows of each class are held out"),
        (SplitSpec(by="time", test="2012-01-01"), "by time: the rows from 2012-01-01 on are held out"),
        (SplitSpec(by="time", test="14d"), "by time: the rows of the newest 14d are held out"),
        (SplitSpec(by="column", column="part", test="b"), "by column: the rows with part = b are held out"),
        (SplitSpec(by="dataset", test="held"), "by dataset: all rows of held are held out"),
        (
            SplitSpec(by="group", column="who", folds=4),
            "by group: 20% of the values of who, each with all its rows; 4 folds, no row held out twice",
        ),
        (
            SplitSpec(by="time", test="10%", folds=3),
            "by time: the newest 10% of the rows are held out; 3 folds, windows of this length, walking on",
        ),
    ],
)
def test_every_way_to_split_has_its_words(split, said):
    assert rule(split) == said
