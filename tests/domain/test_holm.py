import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlctl.domain.evaluation import QUANTILES, Estimate, IncumbentResult, SliceResult
from mlctl.domain.gate import Evidence, decide
from mlctl.domain.holm import levels
from mlctl.domain.quantiles import level_of, quantile
from mlctl.domain.spec_gates import GateRule
from tests.domain.test_gate import spread

CHANCES = st.dictionaries(st.text(max_size=3), st.floats(0, 1), min_size=1, max_size=12)


def rejected(found, error=0.05):
    tested = levels(found, error)
    return {name for name, chance in found.items() if chance < tested[name]}


def as_in_the_paper(found, error=0.05):
    """Ordered p against a/m, a/(m - 1), ..., until the first that is not below."""
    names = sorted(found, key=lambda name: found[name])
    for step, name in enumerate(names):
        if found[name] >= error / (len(names) - step):
            return set(names[:step])
    return set(names)


@given(CHANCES)
def test_it_rejects_what_the_paper_rejects(found):
    assert rejected(found) == as_in_the_paper(found)


@given(CHANCES)
def test_it_rejects_all_that_bonferroni_does_and_nothing_that_one_look_would_not(found):
    alone = {name for name, chance in found.items() if chance < 0.05}
    shared = {name for name, chance in found.items() if chance < 0.05 / len(found)}
    assert shared <= rejected(found) <= alone


@given(CHANCES, st.floats(0, 1))
def test_one_more_slice_makes_nothing_easier(found, chance):
    more = {**found, "one more": chance}
    assert rejected(more) - {"one more"} <= rejected(found)


def test_over_slices_without_harm_a_wrong_refusal_is_as_rare_as_stated():
    random = np.random.default_rng(1)
    tries, slices = 4000, 8
    wrong = sum(
        bool(rejected(dict(zip("abcdefgh", draw, strict=True))))
        for draw in random.uniform(size=(tries, slices))
    )
    uncorrected = 1 - 0.95**slices
    assert wrong / tries < 0.05 + 3 * (0.05 * 0.95 / tries) ** 0.5
    assert wrong / tries > 0.02  # it is not won by never refusing
    assert uncorrected > 0.3


@given(st.floats(-3, 3), st.floats(0.01, 5), st.floats(0.0002, 0.9998))
def test_the_level_of_a_quantile_is_the_level_that_it_was_asked_for(middle, width, level):
    kept = spread(middle, width).quantiles
    assert level_of(kept, quantile(kept, level)) == pytest.approx(level, rel=1e-3, abs=1e-6)
    assert (level_of(kept, kept[0] - 1), level_of(kept, kept[-1])) == (0.0, 1.0)
    assert len(kept) == len(QUANTILES)


def asked(rule, differences):
    slices = {
        name: SliceResult(
            rows=rows, metrics={"mae": Estimate(value=40.0)}, incumbent={"mae": found}, recipe={"mae": found}
        )
        for name, (found, rows) in differences.items()
    }
    evidence = Evidence(
        primary="mae",
        metrics={"mae": Estimate(value=40.0)},
        baseline={"mae": Estimate(value=90.0)},
        incumbent=IncumbentResult(version=3),
        slices=slices,
    )
    return decide({"mae@slices": rule}, evidence)


class TestGate:
    def test_harm_that_one_look_would_call_evidence_is_none_among_many_slices(self):
        harmful = spread(1.9, 1.0)  # p = 0.029
        rule = GateRule(incumbent="not_worse")
        alone = asked(rule, {"night": (harmful, 100)})
        assert [reason.slice for reason in alone.reasons] == ["night"]
        assert "slices" not in alone.reasons[0].why
        others = {f"s{n}": (spread(0.0, 1.0), 100) for n in range(5)}
        assert asked(rule, {"night": (harmful, 100), **others}).passed

    def test_real_harm_is_refused_among_many_and_the_reason_says_at_which_level(self):
        others = {f"s{n}": (spread(0.0, 1.0), 100) for n in range(4)}
        refused = asked(GateRule(incumbent="not_worse"), {"night": (spread(4.0, 1.0), 100), **others})
        assert [reason.slice for reason in refused.reasons] == ["night"]
        assert "at confidence 0.99; one of 5 slices, of 0.95 in all" in refused.reasons[0].why

    def test_slices_that_are_not_judged_cost_nothing(self):
        tiny = {f"s{n}": (spread(0.0, 1.0), 3) for n in range(5)}
        rule = GateRule(incumbent="not_worse", min_rows=50)
        assert not asked(rule, {"night": (spread(1.9, 1.0), 100), **tiny}).passed

    def test_evidence_on_every_slice_has_to_hold_for_all_of_them_at_once(self):
        rule = GateRule(incumbent="non_inferior", margin=2.2)
        good = spread(0.0, 1.0)  # p = 0.014, enough for one look at the first try (0.025)
        assert asked(rule, {"night": (good, 100)}).passed
        refused = asked(rule, {"night": (good, 100), "day": (good, 100)})
        assert {reason.slice for reason in refused.reasons} == {"night", "day"}
        assert "try 1 on these rows, one of 2 slices, of 0.95 in all" in refused.reasons[0].why

    def test_step_down_asks_less_of_the_second_where_the_first_is_clear(self):
        rule = GateRule(incumbent="non_inferior", margin=2.2)
        assert asked(rule, {"night": (spread(-5.0, 1.0), 100), "day": (spread(0.0, 1.0), 100)}).passed
