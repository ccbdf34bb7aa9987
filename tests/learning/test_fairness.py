"""Groups' rates and gaps: by hand, on the adult census, and where chance alone makes them."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from mlctl.domain.errors import UsageError
from mlctl.domain.evaluation import Estimate, Fairness, Gap
from mlctl.domain.fairness import fairness_reasons
from mlctl.domain.spec_gates import GateRule
from mlctl.learning.fairness import MISSING, fairness_of
from mlctl.statistics.metrics import Answers

ADULT = Path(os.environ.get("MLCTL_TEST_DATA", "")) / "adult_income"


def answers(truth, output):
    return Answers(truth=np.asarray(truth), output=np.asarray(output), classes=2)


def planted(rows, seed, shares):
    """Rows of groups that are called positive at given shares, whatever the truth."""
    random = np.random.default_rng(seed)
    group = random.integers(0, len(shares), rows)
    output = (random.random(rows) < np.array(shares)[group]).astype(int)
    return group.tolist(), answers(random.integers(0, 2, rows), output)


def of(column, found, samples=300, seed=1):
    return fairness_of("sex", column, found, np.arange(len(column)), samples=samples, seed=seed)


def test_rates_and_gaps_are_those_by_hand():
    column, given = planted(4000, 0, [0.2, 0.5])
    found = of(column, given)
    group = np.array(column)
    rates = {}
    for one in (0, 1):
        called, true = given.output[group == one] == 1, given.truth[group == one] == 1
        rates[one] = (called.mean(), called[true].mean(), called[~true].mean())
        assert [
            found.groups[str(one)].rates[rate].value for rate in found.groups["0"].rates
        ] == pytest.approx(rates[one])
    parity = found.gaps["parity"]
    assert (parity.low, parity.high) == ("0", "1")
    assert parity.difference.value == pytest.approx(rates[1][0] - rates[0][0])
    assert parity.ratio.value == pytest.approx(rates[0][0] / rates[1][0])
    assert parity.difference.low < 0.3 < parity.difference.high
    assert parity.difference.high - parity.difference.low == pytest.approx(2 * 1.96 * 0.0143, rel=0.2)
    assert found.gaps["odds"].difference.value == pytest.approx(
        max(rates[1][1] - rates[0][1], rates[1][2] - rates[0][2])
    )


def test_an_interval_holds_nothing_where_chance_alone_makes_the_gap():
    held = [of(*planted(800, seed, [0.3, 0.3])).gaps["parity"].difference.low < 0.005 for seed in range(30)]
    assert np.mean(held) > 0.8


def test_small_groups_are_told_and_not_compared():
    column, given = planted(1000, 3, [0.3, 0.4])
    column = ["rare"] * 10 + [None] * 40 + [str(value) for value in column[50:]]
    found = of(column, given)
    assert found.groups["rare"].left_out
    assert found.groups[MISSING].rows == 40
    assert all("rare" not in {gap.low, gap.high} for gap in found.gaps.values())


def test_one_group_has_no_gap_and_very_many_are_refused():
    _, given = planted(100, 0, [0.5, 0.5])
    assert of(["all"] * 100, given).gaps == {}
    with pytest.raises(UsageError, match="has 100 values"):
        of(list(range(100)), given)


def test_whole_units_are_drawn():
    random = np.random.default_rng(0)
    unit = np.repeat(np.arange(40), 25)
    output = (random.random(40) < 0.4)[unit].astype(int)
    given = answers(random.integers(0, 2, 1000), output)
    column = np.tile([0, 1], 500).tolist()
    apart = [
        fairness_of("sex", column, given, labels, samples=200, seed=1).groups["0"].rates["selection_rate"]
        for labels in (np.arange(1000), unit)
    ]
    assert apart[1].high - apart[1].low > 2 * (apart[0].high - apart[0].low)


@pytest.mark.skipif(not ADULT.is_dir(), reason="needs MLCTL_TEST_DATA")
def test_on_the_census_parity_fails_as_is_known():
    tables = []
    for name in ("adult.data", "adult.test"):
        with (ADULT / name).open(newline="") as file:
            tables.append([row for row in csv.reader(file, skipinitialspace=True) if row])
    codes = [{text: n for n, text in enumerate(sorted({row[at] for row in tables[0]}))} for at in range(14)]

    def matrix(rows):
        numeric = {0, 2, 4, 10, 11, 12}
        return np.array(
            [
                [float(row[at]) if at in numeric else codes[at].get(row[at], -1) for at in range(14)]
                for row in rows
            ]
        )

    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415 - only where the data is

    truth = [np.array([row[14].startswith(">") for row in rows]).astype(int) for rows in tables]
    model = HistGradientBoostingClassifier(random_state=0).fit(matrix(tables[0]), truth[0])
    found = of(
        [row[9] for row in tables[1]], answers(truth[1], model.predict(matrix(tables[1]))), samples=100
    )
    assert found.groups["Female"].rates["selection_rate"].value == pytest.approx(0.083, abs=0.006)
    assert found.groups["Male"].rates["selection_rate"].value == pytest.approx(0.256, abs=0.01)
    parity = found.gaps["parity"]
    assert parity.ratio.value == pytest.approx(0.32, abs=0.03)
    assert parity.ratio.high < 0.4
    assert (found.gaps["opportunity"].low, found.gaps["opportunity"].high) == ("Female", "Male")
    refused = list(fairness_reasons({"parity_ratio@sex": GateRule(min=0.8)}, {"sex": found}))
    assert [one.gate for one in refused] == ["parity_ratio.min"]


def test_gates_look_at_difference_and_ratio():
    gap = Gap(
        rate="recall",
        high="m",
        low="f",
        difference=Estimate(value=0.1),
        ratio=Estimate(value=0.8, low=0.7, high=0.9),
    )
    found = {"sex": Fairness(gaps={"opportunity": gap})}
    rules = {
        "opportunity_ratio@sex": GateRule(min=0.85),
        "opportunity_difference@sex": GateRule(max=0.1),
        "parity_ratio@sex": GateRule(min=0.5),
    }
    said = list(fairness_reasons(rules, found))
    assert [(one.gate, one.slice) for one in said] == [
        ("opportunity_ratio.min", "sex"),
        ("parity_ratio.min", "sex"),
    ]
    assert said[0].why == "opportunity_ratio 0.8 [0.7, 0.9] is below 0.85: recall of f against m"
    assert said[1].why == "parity_ratio of sex could not be computed"
