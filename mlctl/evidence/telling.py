"""The word of an evaluation: better, worse or cannot tell, and what would tell."""

import msgspec

from mlctl.domain.evaluation import Difference, IncumbentResult, Seeds, more_rows
from mlctl.domain.model import Signature
from mlctl.learning.evaluate import Verdict, verdict
from mlctl.learning.luck import Repeated, more_seeds

_USUAL = 5
"""Fits of a recipe that tell its luck well enough."""


def told(
    result: IncumbentResult, found: Verdict, primary: str, luck: tuple[Repeated, Repeated], label: str
) -> IncumbentResult:
    """The comparison with its numbers, its word, and what more it would take.

    Where a recipe asks its seed and neither side was repeated, two fits of one recipe may lie as far apart as
    these: the word is "cannot_tell", however narrow the interval over rows is.

    Args:
        result: which incumbent was compared, without numbers.
        found: the numbers.
        primary: the metric that gives the word.
        luck: of the candidate and the incumbent.
        label: of the candidate, "demand@8".
    """
    artefacts, recipes = found.incumbent.get(primary), found.recipe.get(primary)
    error = found.luck.get(primary)
    fits = [1 + len(side.answers) for side in luck]
    seeds = Seeds(own=fits[0], other=fits[1])
    if error is not None:
        seeds = msgspec.structs.replace(
            seeds, known=True, assumed=error.assumed, deviation=error.deviation or None
        )
    said = verdict(primary, recipes or artefacts)
    rows, more, why = None, None, result.why
    if recipes is None and said in {"better", "worse"}:
        said, more = "cannot_tell", _USUAL - 1
        lacking = next(
            name for name, side in zip((label, _of(label, result)), luck, strict=True) if side.varies
        )
        advice = f"mlctl train {lacking} --repeats {_USUAL}"
        seeds_may = f"one fit each, and their seeds may make the difference: {advice}"
        why = f"{why}; {seeds_may}" if why else seeds_may
    elif said == "cannot_tell":
        judged: Difference | None = recipes or artefacts
        assert judged is not None  # noqa: S101 - there is a word
        more = more_seeds(judged, error, min(fits)) if error is not None and error.error else None
        rows = more_rows(judged, result.rows) if more is None else None
    return msgspec.structs.replace(
        result,
        verdict=said,
        more_rows=rows,
        more_seeds=more,
        why=why,
        metrics=found.incumbent,
        recipe=found.recipe,
        seeds=seeds,
    )


def costs_apart(own: Signature, other: Signature, label: str) -> str:
    """That the cost of another model is one in another unit; "" where it is not, or one has none.

    Args:
        own: of the model that is judged.
        other: of the other one.
        label: of the other one, for the sentence.
    """
    if own.costs is None or other.costs is None or own.costs == other.costs:
        return ""
    said = [" and ".join(f"{one:g}" for one in costs) for costs in (other.costs, own.costs)]
    return f"cost is not compared: wrong answers cost {said[0]} in {label}, and {said[1]} here"


def _of(label: str, result: IncumbentResult) -> str:
    return f"{label.partition('@')[0]}@{result.version}"
