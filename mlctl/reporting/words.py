"""What an evaluation says in words and cells, the same in Markdown and on the page."""

from collections.abc import Iterator
from typing import Any

import msgspec

from mlctl.domain.digits import digits
from mlctl.domain.evaluation import Difference, Estimate, Fairness
from mlctl.domain.model import ThresholdSearch
from mlctl.domain.requests.eval import EvalResult

_UNITS = ("row", "day", "week", "month")


def label(data: EvalResult) -> str:
    """`demand@7`."""
    return f"{data.model}@{data.version}"


def headline(data: EvalResult) -> str:
    """The verdict in one sentence: `demand@2 is better than demand@1, which production holds`."""
    incumbent = data.incumbent
    if incumbent.version is None:
        return f"{label(data)}: {data.stage} holds nothing to compare it with"
    other = f"{data.model}@{incumbent.version} of {data.stage}"
    said = {
        "better": f"{label(data)} is better than {other}",
        "worse": f"{label(data)} is worse than {other}",
        "cannot_tell": f"{label(data)} and {other}: cannot tell which is better",
    }
    return said.get(incumbent.verdict, f"{label(data)}: no comparison with {other}")


def notes(data: EvalResult) -> Iterator[str]:
    """Sentences below the verdict: what the comparison rests on, and what is told beside the metrics."""
    yield from _verdict_notes(data)
    yield from filter(None, (weighing(data), decision(data), slope(data)))
    if data.in_use is not None:
        yield f"in use: {data.in_use.told}"


def _verdict_notes(data: EvalResult) -> Iterator[str]:
    incumbent = data.incumbent
    if incumbent.more_seeds is not None:
        yield f"about {incumbent.more_seeds} more seeds of each would tell"
    elif incumbent.more_rows is not None:
        yield f"about {incumbent.more_rows:,} more rows would tell"
    if incumbent.version is not None and incumbent.rows:
        yield f"compared on {incumbent.rows:,} rows with the {incumbent.artefact} artefact"
    if incumbent.why and incumbent.version is not None:
        yield incumbent.why


def gates_word(data: EvalResult) -> str:
    """`passed`, `refused`, or `none`."""
    if not data.gates:
        return "none"
    return "passed" if data.gates["passed"] else "refused"


def refused(data: EvalResult) -> list[tuple[str, str]]:
    """Gate with its slice, and why."""
    found: list[dict[str, Any]] = data.gates.get("reasons", [])
    return [(_gate(one), one["why"]) for one in found]


def not_judged(data: EvalResult) -> list[tuple[str, str]]:
    """Gates that were not judged for one reason, and why."""
    reasons: dict[str, list[str]] = {}
    for one in data.gates.get("skipped", []):
        reasons.setdefault(one["why"], []).append(_gate(one))
    return [(", ".join(names), why) for why, names in reasons.items()]


def held(data: EvalResult) -> list[tuple[str, str]]:
    """Gates that hold, with their slice, and what they have seen."""
    return [(_gate(one), one["why"]) for one in data.gates.get("held", ())]


def _gate(one: dict[str, Any]) -> str:
    return f"{one['gate']} ({one['slice']})" if one["slice"] else str(one["gate"])


def made_from(data: EvalResult) -> str:
    """The rows, and what an interval draws."""
    dataset = f"{data.dataset['name']}@{data.dataset['version']}"
    units = f"{data.units:,} values of {data.resample}"
    if data.resample in _UNITS:
        units = f"{data.units:,} {data.resample}" + ("" if data.units == 1 else "s")
    return f"{data.rows:,} rows of {dataset}; 95 % intervals resample {units}"


def decision(data: EvalResult) -> str | None:
    """From which probability the positive class is answered; None where the estimator decides itself."""
    found = data.notes.get("threshold")
    if found is None:
        return None
    said = f"{found[0]} is answered from a probability of {digits(found[1])} on"
    how = data.notes.get("searched")
    return said if how is None else f"{said}: {msgspec.convert(how, ThresholdSearch).told}"


def weighing(data: EvalResult) -> str | None:
    """By which column the rows are weighed, and what they are worth; None where all count alike."""
    found = data.notes.get("weight")
    if found is None:
        return None
    return f"weighed by {found['column']}: worth {found['effective_rows']:,.0f} rows of equal weight"


def slope(data: EvalResult) -> str | None:
    """What the slope of the truth on the answers is, and what that means; None where there is none."""
    found = data.notes.get("slope")
    if not found or found["value"] is None or found["low"] is None:
        return None
    said = f"slope of truth on prediction {digits(found['value'])}{between(found['low'], found['high'])}"
    if found["high"] < 1:
        return f"{said}: answers lie too far apart"
    return f"{said}: answers lie too close together" if found["low"] > 1 else said


def behaviour(data: EvalResult) -> list[list[str]]:
    """A line a test: its name, its kind, how many rows failed, and the worst of them."""
    return [
        [
            f"{one.name} (required)" if one.required else one.name,
            one.kind,
            f"{one.failed:,} of {one.rows:,}",
            "passed" if one.passed else "failed",
            _worst(one.examples[0]) if one.examples else "-",
        ]
        for one in data.behaviour
    ]


def _worst(example: dict[str, Any]) -> str:
    said = [
        " ".join(str(part) for part in one) if isinstance(one, list | tuple) else str(one)
        for one in example["answers"]
    ]
    row = ", ".join(f"{name} {value}" for name, value in example["row"].items())
    return f"{' to '.join(said)} at {row}"


RATES = {"selection_rate": "called positive", "recall": "recall", "false_positive_rate": "false positives"}
"""Rates of a group, as the head of a column."""

_GAPS = {"parity": "demographic parity", "opportunity": "equal opportunity", "odds": "equalised odds"}


def groups(found: Fairness) -> list[list[str]]:
    """A line a group: its name, rows and rates."""
    return [
        [f"{name} (too few)" if one.left_out else name, f"{one.rows:,}"]
        + [estimate(one.rates.get(rate)) for rate in RATES]
        for name, one in found.groups.items()
    ]


def gaps(found: Fairness) -> list[list[str]]:
    """A line a gap: what it is, in which rate of which groups, difference and ratio."""
    return [
        [
            _GAPS[name],
            f"{RATES[one.rate]}: {one.low} against {one.high}",
            estimate(one.difference),
            estimate(one.ratio),
        ]
        for name, one in found.gaps.items()
    ]


def estimate(found: Estimate | None) -> str:
    """`41.2 [39.1, 43.5]`."""
    if found is None or found.value is None:
        return "-"
    return digits(found.value) + between(found.low, found.high)


def difference(found: Difference | None) -> str:
    """`-2.1 [-3.0, -1.2]`."""
    if found is None or found.difference is None:
        return "-"
    return digits(found.difference, sign=True) + between(found.low, found.high)


def other(found: Difference | None) -> str:
    """The incumbent's value."""
    return "-" if found is None or found.other is None else digits(found.other)


def between(low: float | None, high: float | None) -> str:
    """The interval in brackets; "" for none."""
    return "" if low is None or high is None else f" [{digits(low)}, {digits(high)}]"


def metrics_table(data: EvalResult, title: str) -> tuple[list[str], list[list[str]]]:
    """Head and rows of the metrics beside baseline and incumbent; `title` stands over the model's own."""
    against = data.incumbent if data.incumbent.metrics else None
    head = ["metric", title, "baseline", "minus baseline"]
    if against is not None:
        name = f"{data.model}@{against.version}"
        head += [name, f"minus {name}"]
    rows = []
    for metric, found in data.metrics.items():
        cells = [metric, estimate(found), estimate(data.baseline.get(metric))]
        cells.append(difference(data.baseline_difference.get(metric)))
        if against is not None:
            compared = against.metrics.get(metric)
            cells += [other(compared), difference(compared)]
        rows.append(cells)
    return head, rows
