"""An evaluation as text: values with intervals, then slices, baseline, incumbent and gates."""

from collections.abc import Mapping

from rich.console import Console

from mlctl.cli import gates
from mlctl.domain.evaluation import Difference, Estimate
from mlctl.domain.requests.eval import EvalResult


def render(data: EvalResult, out: Console) -> None:
    """Print the evaluation."""
    label = f"{data.model}@{data.version}"
    if data.dry_run and data.changed:
        out.print(f"would evaluate {label} for stage {data.stage}", soft_wrap=True)
        return
    dataset = f"{data.dataset['name']}@{data.dataset['version']}"
    state = "" if data.changed else "  unchanged"
    out.print(f"{label} on {data.rows} rows of {dataset}{state}", style="bold", soft_wrap=True)
    out.print(f"  95 % intervals resample by {data.resample} ({data.units} units)", soft_wrap=True)
    _estimates("all", data.rows, data.metrics, out)
    for name, part in data.slices.items():
        _estimates(name, part.rows, part.metrics, out)
    _differences("against the baseline", data.baseline_difference, out)
    incumbent = data.incumbent
    if incumbent.version is not None:
        said = f"against {data.model}@{incumbent.version} ({incumbent.artefact}, {incumbent.rows} rows)"
        _differences(f"{said}: {incumbent.verdict.replace('_', ' ')}", incumbent.metrics, out)
    if incumbent.why:
        out.print(f"  {incumbent.why}", soft_wrap=True)
    _gates(data, out)


def _estimates(name: str, rows: int, metrics: Mapping[str, Estimate], out: Console) -> None:
    out.print(f"  {name} ({rows} rows)", soft_wrap=True)
    for metric, found in metrics.items():
        out.print(
            f"    {metric:<18} {_number(found.value):>10}  {_interval(found.low, found.high)}", soft_wrap=True
        )


def _differences(title: str, differences: Mapping[str, Difference], out: Console) -> None:
    out.print(f"  {title}", soft_wrap=True)
    for metric, found in differences.items():
        value = "-" if found.difference is None else f"{found.difference:+.4g}"
        line = (
            f"    {metric:<18} {value:>10}  {_interval(found.low, found.high)}  from {_number(found.other)}"
        )
        out.print(line, soft_wrap=True)


def _gates(data: EvalResult, out: Console) -> None:
    if not data.gates:
        return
    out.print(f"  gates of {data.stage}: {'passed' if data.gates['passed'] else 'refused'}", soft_wrap=True)
    against = gates.refused((one["gate"], one["slice"], one["why"]) for one in data.gates["reasons"])
    open_ = gates.not_judged((one["gate"], one["slice"], one["why"]) for one in data.gates["skipped"])
    for line in (*against, *open_):
        out.print(f"    {line}", soft_wrap=True)


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"[{low:.4g}, {high:.4g}]"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
