import numpy as np
import pytest

from mlctl.domain.evaluation import QUANTILES, Difference
from mlctl.domain.spec import EvalSpec, ModelSpec, SplitSpec
from mlctl.learning.evaluate import Comparison, Rival, compare, resample_unit, units_of, verdict
from mlctl.statistics.metrics import Answers

ROWS = 600
TRUTH = np.random.default_rng(0).normal(size=ROWS) * 10
HOURS = np.datetime64("2012-01-01", "ms") + np.arange(ROWS) * np.timedelta64(3_600_000 * 4, "ms")


def answers(noise, seed=1):
    return Answers(truth=TRUTH, output=TRUTH + np.random.default_rng(seed).normal(size=ROWS) * noise)


def compared(candidate, incumbent=None, mask=None, **over):
    rival = None
    if incumbent is not None:
        rival = Rival(answers=incumbent, mask=np.ones(ROWS, dtype=bool) if mask is None else mask)
    return compare(
        Comparison(
            metrics=["mae", "r2"],
            candidate=candidate,
            baseline=Answers(truth=TRUTH, output=np.zeros(ROWS)),
            labels=np.arange(ROWS),
            samples=300,
            seed=0,
            rival=rival,
            **over,
        )
    )


def test_values_lie_in_their_intervals_and_beat_the_baseline():
    found = compared(answers(1.0))
    mae = found.metrics["mae"]
    assert mae.low < mae.value < mae.high
    assert found.baseline["mae"].value > mae.value
    assert found.baseline_difference["mae"].difference == pytest.approx(
        mae.value - found.baseline["mae"].value
    )
    assert found.incumbent == {}


def test_a_better_candidate_is_called_better_and_the_other_way_round():
    good, bad = answers(1.0), answers(2.0, seed=2)
    assert verdict("mae", compared(good, bad).incumbent["mae"]) == "better"
    assert verdict("r2", compared(good, bad).incumbent["r2"]) == "better"
    assert verdict("mae", compared(bad, good).incumbent["mae"]) == "worse"
    assert verdict("mae", compared(good, answers(1.0, seed=5)).incumbent["mae"]) == "cannot_tell"
    assert verdict("mae", None) == "none"
    assert verdict("mae", Difference(difference=None)) == "none"


def test_rows_outside_of_the_mask_play_no_part_in_the_comparison():
    mask = np.arange(ROWS) < 300
    wrong = answers(1.0, seed=3)
    spoilt = Answers(truth=TRUTH, output=np.where(mask, wrong.output, np.nan))
    found = compared(answers(1.0), spoilt, mask)
    assert found.incumbent["mae"].other == pytest.approx(np.abs(wrong.output - TRUTH)[mask].mean())
    assert len(found.incumbent["mae"].quantiles) == len(QUANTILES)


def test_slices_have_metrics_and_comparisons_of_their_own():
    night = np.arange(ROWS) % 3 == 0
    found = compared(
        answers(1.0), answers(2.0, seed=2), slices={"night": night, "none": np.zeros(ROWS, dtype=bool)}
    )
    assert found.slices["night"].rows == 200
    assert found.slices["night"].incumbent["mae"].difference < 0
    assert found.slices["none"].metrics["mae"].value is None
    assert found.slices["none"].incumbent["mae"].difference is None


def test_the_unit_follows_the_split_unless_the_spec_says_otherwise():
    def spec(by, resample=None, column=None):
        return ModelSpec(
            data="d", target="y", split=SplitSpec(by=by, column=column), eval=EvalSpec(resample=resample)
        )

    assert resample_unit(spec("time"), HOURS) == "week"
    assert resample_unit(spec("time"), HOURS[:100]) == "day"
    assert resample_unit(spec("random"), HOURS) == "row"
    assert resample_unit(spec("group", column="who"), None) == "who"
    assert resample_unit(spec("time", resample="month"), HOURS) == "month"
    assert resample_unit(spec("dataset"), None) == "row"


def test_units_are_rows_blocks_of_time_or_values_of_a_column():
    assert len(set(units_of("row", 5, None, None))) == 5
    assert len(set(units_of("day", ROWS, HOURS, None))) == 100
    assert len(set(units_of("month", ROWS, HOURS, None))) == 4
    assert units_of("who", 3, None, [1, 2, 1]).tolist() == ["1", "2", "1"]


@pytest.mark.slow
def test_between_equals_better_is_said_at_its_rate():
    wins = 0
    for seed in range(200):
        random = np.random.default_rng(1000 + seed)
        truth = random.normal(size=200)
        first, second = (Answers(truth=truth, output=truth + random.normal(size=200)) for _ in range(2))
        found = compare(
            Comparison(
                metrics=["mae"],
                candidate=first,
                baseline=second,
                labels=np.arange(200),
                samples=200,
                seed=seed,
                rival=Rival(answers=second, mask=np.ones(200, dtype=bool)),
            )
        )
        wins += verdict("mae", found.incumbent["mae"]) == "better"
    assert wins <= 14  # nominal 2.5 %: 5 of 200; more than 14 happen in fewer than one of 2000 tries
