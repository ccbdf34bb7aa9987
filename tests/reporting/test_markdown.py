"""The evaluation as Markdown, against a kept file that `python -m tests.reporting.test_markdown` writes."""

from pathlib import Path

import msgspec

from mlctl.domain.evaluation import (
    Difference,
    Estimate,
    FoundSlice,
    IncumbentResult,
    SliceResult,
    SliceSearch,
)
from mlctl.domain.in_use import InUse
from mlctl.domain.requests.eval import EvalResult
from mlctl.reporting.markdown import markdown

KEPT = Path(__file__).with_name("evaluation.md")


def result(**changes):
    """An evaluation with everything in it."""
    whole = {
        "mae": Estimate(value=31.77, low=24.58, high=41.17),
        "r2": Estimate(value=0.8198, low=0.6706, high=0.9076),
    }
    found = EvalResult(
        model="demand",
        version=2,
        changed=True,
        evaluation="0adf9eecc9649656" + "0" * 48,
        dataset={"name": "rides", "version": 1},
        rows=1729,
        resample="week",
        units=11,
        metrics=whole,
        slices={
            "night": SliceResult(rows=501, metrics={"mae": Estimate(value=9.09, low=7.1, high=10.9)}),
            "odd|_name_": SliceResult(
                rows=2, metrics={"mae": Estimate(value=None), "r2": Estimate(value=None)}
            ),
        },
        baseline={"mae": Estimate(value=98.94, low=93.15, high=104.7), "r2": Estimate(value=-0.01243)},
        baseline_difference={"mae": Difference(difference=-67.17, low=-78.2, high=-53.65)},
        incumbent=IncumbentResult(
            version=1,
            rows=1729,
            artefact="tested",
            verdict="worse",
            why="what the stage holds has learnt from these rows",
            metrics={"mae": Difference(difference=0.6924, low=0.09698, high=1.265, other=31.08)},
        ),
        search=SliceSearch(
            looked_at=503,
            loss="absolute error",
            found=(FoundSlice(where="hr >= 6 and hr < 12", rows=430, value=44.0, overall=31.77, p=0.004),),
        ),
        stage="production",
        in_use=InUse(bytes=1_240_000, latency_ms=0.831),
        notes={"slope": {"value": 0.912, "low": 0.86, "high": 0.97}},
        gates={
            "passed": False,
            "reasons": [
                {"gate": "mae.max", "slice": None, "why": "mae 31.77 [24.58, 41.17] is above 30"},
                {"gate": "mae.not_worse", "slice": "night", "why": "that is evidence of harm"},
            ],
            "skipped": [
                {"gate": "r2.superior", "slice": None, "why": "no comparison"},
                {"gate": "r2.superior", "slice": "night", "why": "no comparison"},
            ],
            "held": [{"gate": "r2.min", "slice": None, "why": "r2 0.8198 is at least 0.5"}],
        },
    )
    return msgspec.structs.replace(found, **changes)


def test_everything_is_in_it():
    assert markdown(result()) == KEPT.read_text(encoding="utf-8")


def test_without_an_incumbent_there_is_no_column_of_it():
    text = markdown(result(incumbent=IncumbentResult(why="stage production holds nothing else")))
    assert text.startswith("### demand@2: production holds nothing to compare it with\n")
    assert "| metric | demand@2 [95 %] | baseline | minus baseline |\n" in text


def test_what_would_tell_is_said():
    incumbent = IncumbentResult(version=1, rows=90, verdict="cannot_tell", more_rows=4200)
    text = markdown(result(incumbent=incumbent))
    assert text.startswith("### demand@2 and demand@1 of production: cannot tell which is better\n")
    assert "\n- about 4,200 more rows would tell\n" in text


def test_every_line_of_a_table_has_as_many_cells():
    block = []
    for line in [*markdown(result()).splitlines(), ""]:
        if line.startswith("|"):
            block.append(line.replace("\\|", "").count("|"))
        else:
            assert len(set(block)) <= 1, block
            block = []


if __name__ == "__main__":
    KEPT.write_text(markdown(result()), encoding="utf-8")
