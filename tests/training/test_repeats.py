"""Repeats: the luck of the seed in verdicts and gates, and what looking again costs."""

import msgspec
import pytest

from mlctl.domain.errors import GateRefused, UsageError
from mlctl.domain.evaluation import Evaluation
from mlctl.domain.ids import Digest
from mlctl.domain.repeat import Repeat
from mlctl.domain.requests.diff import DiffRequest
from mlctl.domain.requests.eval import EvalRequest
from mlctl.domain.requests.gc import GcRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.evidence.tries import tries_of
from mlctl.verbs.diff import diff
from mlctl.verbs.eval import eval as evaluate
from mlctl.verbs.gc import gc
from mlctl.verbs.promote import promote
from mlctl.verbs.train import train
from mlctl.verbs.undo import undo
from tests.verbs.learner import rows, spec

TREE = "sklearn.tree:ExtraTreeRegressor"
BUILD = "from sklearn.tree import ExtraTreeRegressor as Tree\n\n\ndef make():\n    return Tree()\n"
PARAMS = "{ min_samples_leaf = 4 }"


def trained(project, **request):
    return train(project.session(), TrainRequest(**request)).data


def compared(project, **request):
    return evaluate(project.session(), EvalRequest(**request)).data.incumbent


@pytest.fixture
def lucky(learner):
    """A project whose recipe differs much by seed; its first version is in production."""
    learner.write("mlctl.toml", spec(TREE, PARAMS, refit="none", gates=""))
    trained(learner)
    promote(learner.session(), PromoteRequest())
    return learner


def best_and_worst(project):
    """Seeds of which the second makes a model that is much better than the first, by luck alone."""
    made = {seed: trained(project, seed=seed).metrics["mae"] for seed in range(20, 40)}
    return max(made, key=made.get), min(made, key=made.get)


def test_two_fits_of_one_recipe_are_not_told_apart_by_their_rows_alone(lucky):
    worst, best = best_and_worst(lucky)
    promote(lucky.session(), PromoteRequest(model=f"demand@{trained(lucky, seed=worst).version}"))
    label = f"demand@{trained(lucky, seed=best).version}"
    found = compared(lucky, model=label)
    assert found.metrics["mae"].high < 0  # by rows alone it would be better
    assert (found.verdict, found.more_seeds, found.seeds.known) == ("cannot_tell", 4, False)
    assert f"mlctl train {label} --repeats 5" in found.why
    made = trained(lucky, model=label, repeats=5)
    assert (made.changed, made.repeats) == (True, 5)
    assert made.spread["mae"] > 0
    found = compared(lucky, model=label)
    assert (found.verdict, found.seeds.own, found.seeds.other, found.seeds.assumed) == (
        "cannot_tell",
        5,
        1,
        True,
    )
    assert found.seeds.deviation == pytest.approx(made.spread["mae"])
    assert found.recipe["mae"].low < 0 < found.recipe["mae"].high


def test_a_better_recipe_is_better_when_both_are_repeated(lucky):
    trained(lucky, model="demand@1", repeats=12)
    better = "sklearn.linear_model:Ridge"
    lucky.write("mlctl.toml", spec(better, refit="none", gates=""))
    trained(lucky)
    found = compared(lucky)
    assert (found.verdict, found.seeds.own, found.seeds.other, found.seeds.known) == ("better", 1, 12, True)


def test_recipes_that_ask_no_seed_need_no_repeats(learner):
    trained(learner)
    promote(learner.session(), PromoteRequest())
    trained(learner, set=("alpha=5000",))
    found = compared(learner)
    assert (found.verdict, found.seeds.known, found.seeds.deviation) == ("worse", True, None)


def test_repeats_are_made_once_and_the_rows_on_either_side_stay(lucky):
    first = trained(lucky, repeats=3)
    assert first.changed
    again = trained(lucky, repeats=3)
    assert (again.changed, again.repeats) == (False, 3)
    assert trained(lucky, repeats=4).changed
    facts = lucky.session().repository.facts.all(Repeat)
    assert sorted(one.seed for _, one in facts) == [4, 5, 6]
    assert len({one.test for _, one in facts}) == 1
    assert len({one.answers for _, one in facts}) == 3


def test_the_spec_may_ask_for_them(learner):
    text = spec(TREE, PARAMS, gates="").replace("samples = 200", "samples = 200\nrepeats = 3")
    learner.write("mlctl.toml", text)
    assert trained(learner).repeats == 3
    assert not trained(learner).changed


def test_a_split_at_random_holds_out_the_same_rows_for_every_seed(learner):
    text = spec(TREE, PARAMS, gates="").replace('by = "time"', 'by = "random"')
    learner.write("mlctl.toml", text)
    trained(learner, repeats=3)
    assert len({one.test for _, one in learner.session().repository.facts.all(Repeat)}) == 1


def test_what_has_changed_since_is_not_repeated(learner):
    learner.write(
        "build.py",
        BUILD,
    )
    text = spec(gates="").replace('estimator = "sklearn.linear_model:Ridge"', 'build = "build.py:make"')
    learner.write("mlctl.toml", text)
    trained(learner)
    learner.write(
        "build.py",
        BUILD.replace("Tree()", "Tree(max_depth=3)"),
    )
    with pytest.raises(UsageError, match=r"cannot be repeated, code: build.py:5 changed"):
        trained(learner, model="demand@1", repeats=3)


def test_a_version_alone_is_no_model_to_train(lucky):
    with pytest.raises(UsageError, match="demand@1 is trained already") as caught:
        trained(lucky, model="demand@1")
    assert "mlctl train demand@1 --repeats 5" in caught.value.hints


def test_repeats_are_garbage_with_their_version_and_not_before(lucky):
    trained(lucky, seed=11, repeats=3)

    repository = lucky.session().repository

    def kept():
        gc(lucky.session(), GcRequest(yes=True, older_than="0s"))
        return len(repository.facts.all(Repeat))

    assert kept() == 2
    undo(lucky.session(), UndoRequest())
    assert kept() == 2  # what was undone can be done again
    digest = repository.facts.all(Repeat)[0][1].version
    orphan = msgspec.structs.replace(repository.facts.all(Repeat)[0][1], version=Digest("0" * 64))
    repository.facts.add(orphan)
    assert kept() == 2
    assert {one.version for _, one in repository.facts.all(Repeat)} == {digest}


def test_the_second_candidate_on_the_same_rows_is_the_second_try(lucky):
    session = lucky.session()
    tries = []
    for seed in (5, 6, 7):
        label = f"demand@{trained(lucky, seed=seed).version}"
        found = evaluate(lucky.session(), EvalRequest(model=label)).data
        tries.append(tries_of(session, session.repository.facts.get(Evaluation, found.evaluation)))
    assert tries == [1, 2, 3]
    again = evaluate(lucky.session(), EvalRequest(model="demand@2")).data
    assert tries_of(session, session.repository.facts.get(Evaluation, again.evaluation)) == 1


def test_rows_that_have_moved_on_a_little_are_the_same_and_others_are_not(lucky):
    evaluate(lucky.session(), EvalRequest(model=f"demand@{trained(lucky, seed=5).version}"))
    lucky.write("data/rides.csv", rows(days=420))
    session = lucky.session()
    found = evaluate(session, EvalRequest(model=f"demand@{trained(lucky, seed=6).version}")).data
    assert tries_of(session, session.repository.facts.get(Evaluation, found.evaluation)) == 2
    lucky.write("data/rides.csv", rows(days=800))
    session = lucky.session()
    found = evaluate(session, EvalRequest(model=f"demand@{trained(lucky, seed=7).version}")).data
    assert tries_of(session, session.repository.facts.get(Evaluation, found.evaluation)) == 1


def test_a_gate_that_asks_for_a_gain_says_what_try_it_is(lucky):
    gates = '[model.demand.gates.production]\nmae = { incumbent = "superior" }\n'
    lucky.write("mlctl.toml", spec(TREE, PARAMS, refit="none", gates=gates))
    for seed in (5, 6):
        label = f"demand@{trained(lucky, seed=seed, repeats=3).version}"
        with pytest.raises(GateRefused) as caught:
            promote(lucky.session(), PromoteRequest(model=label))
    assert "try 2 on these rows" in caught.value.message


def test_diff_says_whether_noise_alone_may_make_the_difference(lucky):
    worst, best = best_and_worst(lucky)
    labels = [f"demand@{trained(lucky, seed=seed).version}" for seed in (worst, best)]
    found = diff(lucky.session(), DiffRequest(old=labels[0], new=labels[1])).data
    assert (found.apart.verdict, found.apart.more_seeds) == ("cannot_tell", 4)
    mae = next(one for one in found.metrics if one.name == "mae")
    assert mae.low < mae.difference < mae.high < 0  # of the two fits, by rows alone
    for label in labels:
        trained(lucky, model=label, repeats=4)
    found = diff(lucky.session(), DiffRequest(old=labels[0], new=labels[1])).data
    mae = next(one for one in found.metrics if one.name == "mae")
    assert (found.apart.verdict, found.apart.seeds.own) == ("cannot_tell", 4)
    assert mae.low < 0 < mae.high


def test_diff_of_versions_agrees_with_their_evaluation(learner):
    trained(learner)
    promote(learner.session(), PromoteRequest())
    trained(learner, set=("alpha=5000",))
    evaluated, found = compared(learner), diff(learner.session(), DiffRequest(old="demand@1")).data
    assert found.apart.verdict == evaluated.verdict == "worse"
    assert found.apart.recipe["mae"] == evaluated.recipe["mae"]
    trained(learner, set=("alpha=5000",), test="10%")
    assert diff(learner.session(), DiffRequest(old="demand@1")).data.apart is None
