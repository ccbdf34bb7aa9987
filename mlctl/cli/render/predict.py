"""Text of `mlctl predict`."""

from rich.console import Console

from mlctl.domain.requests.predict import PredictResult


def render(data: PredictResult, out: Console) -> None:
    """One line."""
    name = f"{data.model}@{data.version}"
    if data.dry_run:
        out.print(f"{name} would predict {data.input} and write {', '.join(data.columns)} to {data.output}")
    else:
        out.print(f"{data.rows:,} rows predicted by {name} in {data.seconds:.1f} s: {data.output}")
