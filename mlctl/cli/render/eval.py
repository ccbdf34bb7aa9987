"""An evaluation as text: one table of values with intervals, then the verdict and what the gates say."""

from collections.abc import Iterator

from rich.console import Console

from mlctl.cli import gates
from mlctl.cli.columns import clipped, columns
from mlctl.domain.digits import digits
from mlctl.domain.evaluation import Difference, Estimate
from mlctl.domain.requests.eval import EvalResult
from mlctl.reporting import words

_WIDTH = 100
_NAME = 24
_WORST = 60
_UNITS = ("row", "day", "week", "month")


def render(data: EvalResult, out: Console) -> None:
    """Print the evaluation."""
    label = f"{data.model}@{data.version}"
    if data.markdown is not None:
        out.print(data.markdown, end="", soft_wrap=True)
        return
    if data.dry_run and data.changed:
        out.print(f"would evaluate {label} for stage {data.stage}", soft_wrap=True)
        return
    dataset = f"{data.dataset['name']}@{data.dataset['version']}"
    state = "" if data.changed else "  unchanged"
    out.print(f"{label} on {data.rows:,} rows of {dataset}{state}", style="bold", soft_wrap=True)
    out.print(f"  95 % intervals resample {_units(data)}", soft_wrap=True)
    for line in _table(data):
        out.print(line, soft_wrap=True)
    for told in filter(None, (words.weighing(data), words.decision(data), words.slope(data))):
        out.print(f"  {told}", soft_wrap=True)
    incumbent = data.incumbent
    if incumbent.version is not None:
        said = f"{data.model}@{incumbent.version} ({incumbent.artefact}): {gates.word(incumbent)}"
        out.print(f"  against {said}", soft_wrap=True)
    if incumbent.why:
        out.print(f"  {incumbent.why}", soft_wrap=True)
    if data.in_use is not None:
        out.print(f"  in use: {data.in_use.told}", soft_wrap=True)
    _fairness(data, out)
    behaved = [[*row, clipped(worst, _WORST)] for *row, worst in words.behaviour(data)]
    for line in columns(behaved, indent="  test "):
        out.print(line, soft_wrap=True)
    _search(data, out)
    _gates(data, out)
    for path in data.written.values():
        out.print(f"  written: {path}", soft_wrap=True)


def _units(data: EvalResult) -> str:
    """What is drawn: `11 weeks`, `3,476 rows`, or `12 values of station`."""
    if data.resample not in _UNITS:
        return f"{data.units:,} values of {data.resample}"
    return f"{data.units:,} {data.resample}" + ("" if data.units == 1 else "s")


def _table(data: EvalResult) -> list[str]:
    """A line for all rows, each slice, baseline and differences; what does not fit beside goes below."""
    labels = [("", "rows"), ("all", f"{data.rows:,}")]
    labels += [(clipped(name, _NAME), f"{part.rows:,}") for name, part in data.slices.items()]
    labels += [("baseline", ""), ("  difference", "")]
    against = data.incumbent if data.incumbent.metrics else None
    if against is not None:
        labels += [(f"{data.model}@{against.version}", f"{against.rows:,}"), ("  difference", "")]
    blocks: list[list[str]] = []
    for metric in data.metrics:
        cells = [f"{metric} [low, high]", _estimate(data.metrics[metric])]
        cells += [_estimate(part.metrics.get(metric)) for part in data.slices.values()]
        cells += [_estimate(data.baseline.get(metric)), _difference(data.baseline_difference.get(metric))]
        if against is not None:
            compared = against.metrics.get(metric)
            cells += [_number(compared.other if compared else None), _difference(compared)]
        blocks.append(cells)
    lines: list[str] = []
    named = columns(labels, right=(1,), indent="  ")
    width = max(map(len, named))
    for group in _groups(blocks, _WIDTH - width):
        lines += columns([*zip([line.ljust(width) for line in named], *group, strict=True)])
    return lines


def _groups(blocks: list[list[str]], room: int) -> Iterator[list[list[str]]]:
    """Columns of cells that fit beside each other."""
    group: list[list[str]] = []
    used = 0
    for cells in blocks:
        width = max(map(len, cells)) + 2
        if group and used + width > room:
            yield group
            group, used = [], 0
        group.append(cells)
        used += width
    if group:
        yield group


def _estimate(found: Estimate | None) -> str:
    return "-" if found is None else _number(found.value) + _interval(found.low, found.high)


def _difference(found: Difference | None) -> str:
    if found is None or found.difference is None:
        return "-"
    return digits(found.difference, sign=True) + _interval(found.low, found.high)


def _fairness(data: EvalResult, out: Console) -> None:
    """Groups with their rates, then how far apart they are."""
    for column, found in data.fairness.items():
        out.print(f"  groups of {column}:", soft_wrap=True)
        head = ["", "rows", *words.RATES.values()]
        for line in columns([head, *words.groups(found)], right=(1,), indent="    "):
            out.print(line, soft_wrap=True)
        gaps = [["", "", "difference", "ratio"], *words.gaps(found)]
        for line in columns(gaps, indent="    "):
            out.print(line, soft_wrap=True)


def _search(data: EvalResult, out: Console) -> None:
    """Slices that nobody declared, ready to be declared."""
    if data.search is None or not data.search.found:
        return
    out.print(
        f"  worse than the rest, of {data.search.looked_at:,} slices looked at ({data.search.loss}):",
        soft_wrap=True,
    )
    rows = [
        (
            one.where,
            f"{one.rows:,} rows",
            f"{digits(one.value)} against {digits(one.overall)}",
            f"p {one.p:.2g}",
        )
        for one in data.search.found
    ]
    for line in columns(rows, right=(1,), indent="    "):
        out.print(line, soft_wrap=True)


def _gates(data: EvalResult, out: Console) -> None:
    if not data.gates:
        return
    out.print(f"  gates of {data.stage}: {'passed' if data.gates['passed'] else 'refused'}", soft_wrap=True)
    against = gates.refused((one["gate"], one["slice"], one["why"]) for one in data.gates["reasons"])
    open_ = gates.not_judged((one["gate"], one["slice"], one["why"]) for one in data.gates["skipped"])
    holding = gates.holding((one["gate"], one["slice"], one["why"]) for one in data.gates.get("held", ()))
    for line in (*against, *open_, *holding):
        out.print(f"    {line}", soft_wrap=True)


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" [{digits(low)}, {digits(high)}]"


def _number(value: float | None) -> str:
    return "-" if value is None else digits(value)
