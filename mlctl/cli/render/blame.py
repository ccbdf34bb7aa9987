"""Text of `mlctl blame`: the chain as a tree, from the answer down."""

import json
from typing import Any

from rich.console import Console

from mlctl.domain.digits import digits
from mlctl.domain.ids import short
from mlctl.domain.requests.blame import BlamedDataset, BlamedDecision, BlameResult


def render(data: BlameResult, out: Console) -> None:
    """Print the tree, one fact a line."""
    name = f"{data.model}@{data.version}" if data.version else data.model
    lines = [
        f"prediction {data.prediction}  {data.time}",
        f"├─ input     {_row(data.input)}",
        f"├─ output    {_value(data.output)}{_chances(data.probabilities)}",
    ]
    if data.label is not None:
        lines.append(f"├─ label     {_value(data.label.value)}  (decision {data.label.decision})")
    lines.append(
        f"├─ model     {name}  {short(data.digest)}"
        + (f", a refit of {short(data.refit_of)}" if data.refit_of else "")
    )
    if data.decided is not None:
        lines.append(f"├─ decision  {_decision(data.decided, data.stage)}")
    if data.evaluated is not None:
        metrics = ", ".join(f"{metric} {_value(value)}" for metric, value in data.evaluated.metrics.items())
        lines.append(
            f"├─ evaluated {metrics} on {data.evaluated.rows:,} rows  {short(data.evaluated.digest)}"
        )
    if data.trained is not None:
        lines.append(
            f"├─ run       {data.trained.run}  {data.trained.purpose}, {data.trained.started_at}, "
            f"seed {data.trained.seed}"
        )
    lines += [f"├─ data      {_dataset(dataset)}" for dataset in data.datasets]
    if data.code is not None:
        state = (
            f" with uncommitted changes ({short(data.code.patch)})"
            if data.code.patch
            else " with uncommitted changes"
            if data.code.dirty
            else ""
        )
        lines.append(f"├─ code      {data.code.commit or 'no commit'}{state}")
    lines.append(
        f"└─ verified  {'yes: every digest on the way was checked' if data.verified else 'not all of it'}"
    )
    for line in lines:
        out.print(line, soft_wrap=True)


def _decision(decided: BlamedDecision, stage: str | None) -> str:
    who = decided.actor.name or decided.actor.user
    what = f"{decided.kind}{f' to {stage}' if stage else ''}"
    reason = f", “{decided.reason}”" if decided.reason else ""
    return f"{decided.number}: {what} by {who}, {decided.time}{reason}"


def _dataset(dataset: BlamedDataset) -> str:
    name = f"{dataset.name}@{dataset.version}" if dataset.version else dataset.name
    rows = f", {dataset.rows:,} rows" if dataset.rows is not None else ""
    state = {True: "", False: ", DAMAGED", None: ", not on this machine"}[dataset.verified]
    return (
        f"{name}  {dataset.path or 'frozen'}{rows}  md5 {dataset.md5}  sha256 {short(dataset.sha256)}{state}"
    )


def _row(row: dict[str, Any]) -> str:
    return " ".join(f"{name}={_value(value)}" for name, value in row.items())


def _chances(probabilities: tuple[float, ...] | None) -> str:
    return "" if probabilities is None else f"  ({', '.join(f'{chance:.3f}' for chance in probabilities)})"


def _value(value: Any) -> str:
    if isinstance(value, float):
        return digits(value)
    return value if isinstance(value, str) else json.dumps(value, default=str)
