"""Gates that hold, with what they have seen: all that a decision does not name."""

import pytest

from mlctl.domain.evaluation import Estimate, Fairness, Gap, SliceResult
from mlctl.domain.fairness import fairness_reasons
from mlctl.domain.gate import GateDecision, decide
from mlctl.domain.gate_held import held_gates
from mlctl.domain.spec_gates import GateRule
from tests.domain.test_gate import evidence, spread


def held(rules, seen, groups=None):
    decision = decide({key: rule for key, rule in rules.items() if "parity" not in key}, seen)
    alike = {key: rule for key, rule in rules.items() if "parity" in key}
    reasons = (*decision.reasons, *fairness_reasons(alike, groups or {}))
    decision = GateDecision(passed=not reasons, reasons=reasons, skipped=decision.skipped)
    found = tuple(held_gates(rules, seen, groups or {}, decision))
    named = {(one.gate, one.slice) for one in (*decision.reasons, *decision.skipped)}
    assert not named & {(one.gate, one.slice) for one in found}
    return {one.gate: one.why for one in found}


def test_limits_and_the_baseline_say_the_value_and_the_limit():
    assert held({"mae": GateRule(max=50)}, evidence()) == {
        "baseline": "mae 40 is not worse than the baseline's 100",
        "mae.max": "mae 40 is at most 50",
    }
    assert held({"mae": GateRule(max=30)}, evidence()) == {
        "baseline": "mae 40 is not worse than the baseline's 100"
    }
    assert held({"mae": GateRule(max=50)}, evidence(value=None)) == {}
    assert held({"r2": GateRule(min=0.5)}, evidence(value=0.4, base=0.5, metric="r2")) == {}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("not_worse", "no evidence of harm"),
        ("non_inferior", "the loss is within the margin"),
        ("superior", "a gain beyond the margin"),
    ],
)
def test_a_comparison_says_the_difference_and_what_it_shows(rule, said):
    rules = {"mae": GateRule(incumbent=rule)}
    why = held(rules, evidence(incumbent=spread(-10, 1)))[f"mae.{rule}"]
    assert why.startswith("mae differs from version 3 by -10 [")
    assert why.endswith(said)
    assert f"mae.{rule}" not in held(rules, evidence(incumbent=spread(10, 1)))
    assert f"mae.{rule}" not in held(rules, evidence(incumbent=None, version=None))  # not judged


def part(value, rows=200, difference=None):
    return SliceResult(
        rows=rows,
        metrics={"mae": Estimate(value=value)},
        incumbent={} if difference is None else {"mae": difference},
    )


def test_a_rule_over_slices_holds_if_none_refused_and_counts_those_that_were_judged():
    rules = {"mae@slices": GateRule(max=50, min_rows=100), "mae@slice:day": GateRule(max=45)}
    slices = {"day": part(40.0), "night": part(49.0), "few": part(90.0, rows=3)}
    found = held(rules, evidence(slices=slices))
    assert found["mae@slices.max"] == "on 2 of 3 slices"
    assert found["mae.max"] == "mae 40 is at most 45"
    found = held(rules, evidence(slices=slices | {"night": part(51.0)}))
    assert "mae@slices.max" not in found
    assert "mae@slices.max" not in held(rules, evidence(slices={"few": part(90.0, rows=3)}))


def test_groups_too():
    gap = Gap(
        rate="recall",
        low="a",
        high="b",
        difference=Estimate(value=0.1),
        ratio=Estimate(value=0.9, low=0.8, high=1),
    )
    groups = {"sex": Fairness(groups={}, gaps={"parity": gap})}
    rules = {"parity_ratio@sex": GateRule(min=0.8), "parity_difference@sex": GateRule(max=0.05)}
    found = held(rules, evidence(), groups)
    assert found["parity_ratio.min"] == "parity_ratio 0.9 [0.8, 1] is at least 0.8"
    assert "parity_difference.max" not in found
