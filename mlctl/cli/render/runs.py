"""Runs as text: a line each."""

from rich.console import Console

from mlctl.cli.columns import clipped, minute
from mlctl.domain.digits import digits
from mlctl.domain.requests.runs import RunRow, RunsResult

_SHOWN = 12
_SENTENCE = 80


def render(data: RunsResult, out: Console) -> None:
    """Print the runs."""
    if not data.runs:
        out.print("no runs" if not data.total else f"none of {data.total} runs fits")
    else:
        out.print("\n".join(_line(row) for row in data.runs), soft_wrap=True)
    if data.more:
        out.print(f"… the first {len(data.runs)} of those that fit; -n 0 shows all", soft_wrap=True)


def _line(row: RunRow) -> str:
    version = f"{row.model}@{row.version}" if row.version is not None else row.model
    metrics = "  ".join(
        f"{name} {digits(value)}{_folds(row, name)}"
        for name, value in row.metrics.items()
        if value is not None
    )
    params = " ".join(f"{name}={value}" for name, value in row.params.items())
    started = minute(row.started)
    said = (
        f"{row.run[:_SHOWN]}  {started}  {version:<12} {row.purpose:<6} {row.status:<9} {row.seconds:>6.1f} s"
    )
    return "  ".join(part for part in (said, metrics or clipped(row.error or "", _SENTENCE), params) if part)


def _folds(row: RunRow, name: str) -> str:
    """Mean and spread over the folds, where there are any."""
    over = row.folds.get(name)
    if over is None or over.mean is None:
        return ""
    spread = "" if over.spread is None else f" ± {digits(over.spread)}"
    return f" (folds {digits(over.mean)}{spread})"
