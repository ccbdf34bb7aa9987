from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlctl.domain.evaluation import QUANTILES, Difference, Estimate, IncumbentResult, SliceResult
from mlctl.domain.gate import Evidence, decide
from mlctl.domain.metric import METRICS, harm
from mlctl.domain.quantiles import quantile
from mlctl.domain.spec_gates import GateRule


def spread(middle, width):
    """A difference whose bootstrap is roughly normal around `middle`."""

    kept = tuple(middle + width * NormalDist().inv_cdf(level) for level in QUANTILES)
    at = QUANTILES.index(0.025)
    return Difference(difference=middle, low=kept[at], high=kept[-at - 1], quantiles=kept, other=50.0)


SAME = object()


def evidence(
    value=40.0, base=100.0, incumbent=None, slices=None, metric="mae", version=3, recipe=SAME, tries=1
):
    metrics = {} if incumbent is None else {metric: incumbent}
    recipes = metrics if recipe is SAME else {} if recipe is None else {metric: recipe}
    found = (
        IncumbentResult(version=version, metrics=metrics, recipe=recipes)
        if incumbent or version
        else IncumbentResult()
    )
    return Evidence(
        primary=metric,
        metrics={metric: Estimate(value=value, low=None if value is None else value - 5, high=None)},
        baseline={metric: Estimate(value=base)},
        incumbent=found,
        slices=slices or {},
        tries=tries,
    )


def gates(decision):
    return [(reason.gate, reason.slice) for reason in decision.reasons]


def test_without_rules_only_the_baseline_is_asked():
    assert decide({}, evidence()).passed
    refused = decide({}, evidence(value=120.0))
    assert not refused.passed
    assert gates(refused) == [("baseline", None)]
    assert "120" in refused.reasons[0].why
    assert refused.reasons[0].limit == 100.0


def test_equal_to_the_baseline_is_not_worse():
    assert decide({}, evidence(value=100.0)).passed


def test_a_metric_that_is_better_higher_is_compared_the_other_way_round():
    assert decide({}, evidence(value=0.9, base=0.5, metric="r2")).passed
    assert not decide({}, evidence(value=0.4, base=0.5, metric="r2")).passed


def test_a_metric_that_could_not_be_computed_is_refused_with_that_reason():
    refused = decide({"mae": GateRule(max=50)}, evidence(value=None))
    assert gates(refused) == [("baseline", None), ("mae.max", None)]
    assert all("could not be computed" in reason.why for reason in refused.reasons)


def test_every_reason_is_given_not_only_the_first():
    rules = {
        "mae": GateRule(max=30, incumbent="not_worse"),
        "mae@slices": GateRule(max=30, incumbent="not_worse"),
    }
    slices = {
        name: SliceResult(rows=200, metrics={"mae": Estimate(value=35.0)}, incumbent={"mae": spread(9, 1)})
        for name in ("night", "weekend")
    }
    refused = decide(rules, evidence(value=130.0, incumbent=spread(10, 2), slices=slices))
    assert gates(refused) == [
        ("baseline", None),
        ("mae.max", None),
        ("mae.not_worse", None),
        ("mae.max", "night"),
        ("mae.not_worse", "night"),
        ("mae.max", "weekend"),
        ("mae.not_worse", "weekend"),
    ]


@pytest.mark.parametrize(
    ("rule", "difference", "passes"),
    [
        ("not_worse", spread(-5, 1), True),
        ("not_worse", spread(1, 1), True),
        ("not_worse", spread(5, 1), False),
        ("non_inferior", spread(-5, 1), True),
        ("non_inferior", spread(-1, 1), False),
        ("superior", spread(-5, 1), True),
        ("superior", spread(-1, 1), False),
        ("superior", spread(0, 0), False),
        ("not_worse", spread(0, 0), True),
        ("non_inferior", spread(0, 0), True),
    ],
)
def test_rules_about_the_incumbent_ask_for_the_evidence_that_they_name(rule, difference, passes):
    decision = decide({"mae": GateRule(incumbent=rule)}, evidence(incumbent=difference))
    assert decision.passed is passes
    if not passes:
        assert gates(decision) == [(f"mae.{rule}", None)]


def test_a_gain_of_two_fits_is_no_gain_of_the_recipe_until_the_luck_of_the_seed_is_known():
    rules = {"mae": GateRule(incumbent="superior")}
    alone = decide(rules, evidence(incumbent=spread(-5, 1), recipe=None))
    assert gates(alone) == [("mae.superior", None)]
    assert "mlctl train --repeats 5" in alone.reasons[0].why
    lucky = decide(rules, evidence(incumbent=spread(-5, 1), recipe=spread(-2, 3)))
    assert "means over seeds" in lucky.reasons[0].why
    assert decide(rules, evidence(incumbent=spread(-5, 1), recipe=spread(-4, 1.5))).passed
    assert decide(
        {"mae": GateRule(incumbent="not_worse")}, evidence(incumbent=spread(1, 1), recipe=None)
    ).passed


@pytest.mark.parametrize("rule", ["superior", "non_inferior"])
def test_each_further_try_on_the_same_rows_asks_for_more_evidence(rule):
    gain = spread(-2.2, 1)
    rules = {"mae": GateRule(incumbent=rule)}
    passed = [decide(rules, evidence(incumbent=gain, tries=tries)).passed for tries in range(1, 6)]
    assert passed == [True, False, False, False, False]  # scores 1.96, 2.39, 2.64, ... for 0.05 / (k (k + 1))
    said = decide(rules, evidence(incumbent=gain, tries=3)).reasons[0].why
    assert "confidence 0.9958" in said
    assert "try 3 on these rows" in said
    assert decide({"mae": GateRule(incumbent="not_worse")}, evidence(incumbent=spread(1, 1), tries=9)).passed


def test_over_all_tries_no_more_than_the_stated_error_is_spent():
    spent = sum((1 - 0.95) / (tries * (tries + 1)) for tries in range(1, 1000))
    assert spent == pytest.approx(0.05, rel=2e-3)
    assert spent < 0.05


def test_margins_are_in_the_metrics_unit_or_relative_to_the_incumbent():
    worse = evidence(incumbent=spread(2, 0.1))
    assert decide({"mae": GateRule(incumbent="non_inferior", margin=3.0)}, worse).passed
    assert decide({"mae": GateRule(incumbent="non_inferior", margin="5%")}, worse).passed  # 5 % of 50 is 2.5
    assert not decide({"mae": GateRule(incumbent="non_inferior", margin="4%")}, worse).passed


def test_the_first_promotion_passes_rules_about_an_incumbent_and_says_so():
    first = evidence(version=None)
    decision = decide({"mae": GateRule(incumbent="superior")}, first)
    assert decision.passed
    assert decision.skipped[0].why == "the stage holds nothing yet"


def test_without_a_comparison_not_worse_passes_and_the_others_refuse():
    none = evidence()
    assert decide({"mae": GateRule(incumbent="not_worse")}, none).passed
    for rule in ("non_inferior", "superior"):
        refused = decide({"mae": GateRule(incumbent=rule)}, none)
        assert gates(refused) == [(f"mae.{rule}", None)]
        assert "no comparison" in refused.reasons[0].why


def test_small_slices_are_skipped_and_listed():
    slices = {"night": SliceResult(rows=99, metrics={"mae": Estimate(value=500.0)})}
    decision = decide({"mae@slices": GateRule(max=30, min_rows=100)}, evidence(slices=slices))
    assert decision.passed
    assert [(skipped.gate, skipped.slice, skipped.value) for skipped in decision.skipped] == [
        ("mae", "night", 99.0)
    ]


def test_one_slice_may_have_rules_of_its_own_and_a_missing_one_is_refused():
    slices = {"night": SliceResult(rows=99, metrics={"mae": Estimate(value=40.0)})}
    assert not decide({"mae@slice:night": GateRule(max=30)}, evidence(slices=slices)).passed
    assert gates(decide({"mae@slice:noon": GateRule(max=30)}, evidence(slices=slices))) == [("mae", "noon")]


def test_fewer_levels_of_older_evaluations_are_read_as_they_were_kept():
    levels = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995)
    kept = tuple(NormalDist(3, 2).inv_cdf(known) for known in levels)
    assert quantile(kept, 0.05) == pytest.approx(NormalDist(3, 2).inv_cdf(0.05))


@given(st.floats(0.0001, 0.9999))
def test_quantiles_between_the_kept_levels_are_the_normal_ones_for_a_normal(level):

    kept = tuple(NormalDist(3, 2).inv_cdf(known) for known in QUANTILES)
    assert quantile(kept, level) == pytest.approx(NormalDist(3, 2).inv_cdf(level), abs=1e-9)


@given(
    st.floats(-10, 10),
    st.floats(0, 5),
    st.floats(0, 5),
    st.floats(0.55, 0.99),
    st.sampled_from(["mae", "r2"]),
)
def test_superior_implies_non_inferior_implies_not_worse(middle, width, margin, confidence, metric):
    found = evidence(value=1.0, base=1.0, metric=metric, incumbent=spread(middle, width))
    passed = {
        rule: decide({metric: GateRule(incumbent=rule, margin=margin, confidence=confidence)}, found).passed
        for rule in ("superior", "non_inferior", "not_worse")
    }
    assert not passed["superior"] or passed["non_inferior"]
    assert not passed["non_inferior"] or passed["not_worse"]


@given(st.floats(-10, 10), st.floats(0.01, 5), st.floats(0.1, 5))
def test_a_worse_candidate_never_fares_better(middle, width, step):
    for rule in ("superior", "non_inferior", "not_worse"):
        rules = {"mae": GateRule(incumbent=rule, margin=1.0)}
        worse = decide(rules, evidence(incumbent=spread(middle + step, width))).passed
        assert not worse or decide(rules, evidence(incumbent=spread(middle, width))).passed


@given(st.floats(-1, 1), st.sampled_from(sorted(METRICS)))
def test_harm_is_positive_where_the_candidate_is_worse(difference, metric):
    better = METRICS[metric].better
    assert harm(metric, difference) == (-difference if better == "higher" else difference)


def test_a_relative_gate_refuses_a_metric_that_the_candidate_lacks_whatever_the_stage_holds():
    for version in (None, 3):
        found = evidence(version=version)
        rules = {"r2": GateRule(incumbent="not_worse")}
        assert gates(decide(rules, found)) == [("r2.not_worse", None)]


def test_on_a_slice_a_metric_is_missing_only_where_the_incumbent_has_it():
    def of(other):
        lacks = Difference(difference=None, other=other)
        slices = {
            "night": SliceResult(rows=200, metrics={"mae": Estimate(value=None)}, incumbent={"mae": lacks})
        }
        return decide({"mae@slices": GateRule(incumbent="not_worse")}, evidence(slices=slices))

    assert gates(of(40.0)) == [("mae.not_worse", "night")]
    assert of(None).passed
    assert [one.gate for one in of(None).skipped] == ["mae.not_worse"]


def test_a_baseline_that_is_undefined_is_named_among_what_was_not_judged():
    decision = decide({}, evidence(base=None))
    assert decision.passed
    assert [one.gate for one in decision.skipped] == ["baseline"]
