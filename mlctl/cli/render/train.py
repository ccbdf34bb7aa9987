"""A run as text: the version it made and its metrics beside the baseline's."""

from rich.console import Console

from mlctl.domain.digits import digits
from mlctl.domain.requests.train import TrainResult
from mlctl.domain.sharing import starred


def render(data: TrainResult, out: Console) -> None:
    """Print the run."""
    if data.dry_run and data.changed:
        out.print(
            f"would fit {data.estimator or 'the default estimator'} for {data.model} on {data.dataset}",
            soft_wrap=True,
        )
        _split(data, out)
        return
    label = starred(f"{data.model}@{data.version}", published=data.published)
    state = f"in {data.seconds:.1f} s" if data.changed else "unchanged"
    out.print(f"{label}  {data.estimator}  on {data.dataset}  {state}", soft_wrap=True, style="bold")
    rows = ", ".join(f"{count:,} {name}" for name, count in data.rows.items() if count and name != "dropped")
    out.print(f"  run {data.run}  rows: {rows}", soft_wrap=True)
    _split(data, out)
    for why, count in data.dropped.items():
        by = f"by {why}" if why == "train_where" else f"({why})"
        out.print(f"  {count:,} {'row' if count == 1 else 'rows'} left out {by}", soft_wrap=True)
    for name, value in data.metrics.items():
        base = data.baseline.get(name)
        over = data.folds.get(name)
        luck = data.spread.get(name)
        seeds = "" if luck is None else f"   seeds ± {_number(luck)}"
        folds = "" if over is None else f"   folds {_number(over.mean):>10} ± {_number(over.spread)}"
        out.print(
            f"  {name:<18} {_number(value):>10}   baseline {_number(base):>10}{folds}{seeds}", soft_wrap=True
        )


def _split(data: TrainResult, out: Console) -> None:
    """The split in words, a line a sentence."""
    for sentence in data.split:
        out.print(f"  {sentence}", soft_wrap=True)


def _number(value: float | None) -> str:
    return "-" if value is None else digits(value)
