"""`mlctl eval` as text: one table that fits a terminal."""

import io

from rich.console import Console

from mlctl.cli.render.eval import render
from mlctl.domain.evaluation import Difference, Estimate, IncumbentResult, SliceResult
from mlctl.domain.requests.eval import EvalResult

METRICS = ("roc_auc", "log_loss", "accuracy", "recall", "precision")


def estimates(shift=0.0):
    return {name: Estimate(value=0.87654321 + shift, low=0.86123456, high=0.89123456) for name in METRICS}


def differences():
    return {name: Difference(difference=0.0123456, low=-0.01, high=0.03, other=0.5) for name in METRICS}


def text(resample="week", units=11):
    slices = {
        name: SliceResult(rows=1000, metrics=estimates())
        for name in ("night", "a_slice_with_a_name_that_is_far_too_long_for_a_table")
    }
    result = EvalResult(
        model="demand",
        version=2,
        changed=True,
        evaluation=None,
        dataset={"name": "rides", "version": 1},
        rows=3476,
        resample=resample,
        units=units,
        metrics=estimates(),
        slices=slices,
        baseline=estimates(-0.3),
        baseline_difference=differences(),
        incumbent=IncumbentResult(version=1, rows=3000, verdict="cannot_tell", metrics=differences()),
        stage="production",
        gates={"passed": True, "reasons": [], "skipped": []},
    )
    out = Console(file=io.StringIO(), markup=False, highlight=False, width=200)
    render(result, out)
    return out.file.getvalue().splitlines()


def test_the_table_is_aligned_and_fits_100_columns():
    lines = text()
    assert max(map(len, lines)) <= 100
    heads = [line for line in lines if "[low, high]" in line]
    assert [name for head in heads for name in METRICS if name in head] == list(METRICS)
    column = heads[0].index("roc_auc")
    assert [line[column - 2 : column + 6] for line in lines if line.startswith("  all ")] == [
        "  0.8765"
    ] * len(heads)


def test_it_has_all_rows_slices_baseline_and_incumbent():
    lines = text()
    names = [line[2:].split("  ")[0] for line in lines[3:10]]
    assert names == ["all", "night", "a_slice_with_a_name_tha…", "baseline", "", "demand@1", ""]
    assert "3,476" in lines[3]
    assert "+0.01235 [-0.01, 0.03]" in lines[7]
    assert "  against demand@1 (deployed): cannot tell" in lines


def test_intervals_say_what_they_resample():
    assert text()[1] == "  95 % intervals resample 11 weeks"
    assert text("row", 3476)[1] == "  95 % intervals resample 3,476 rows"
    assert text("day", 1)[1] == "  95 % intervals resample 1 day"
    assert text("station", 12)[1] == "  95 % intervals resample 12 values of station"
