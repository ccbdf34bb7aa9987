"""Text of `mlctl labels add`."""

from rich.console import Console

from mlctl.domain.requests.labels_add import LabelsAddResult


def render(data: LabelsAddResult, out: Console) -> None:
    """What was added, and what became of the labels."""
    by = "prediction id" if data.by == ("mlctl.id",) else ", ".join(data.by)
    if data.batch is not None and not data.changed:
        out.print(f"{_labels(data.rows)} of {data.model} count already: unchanged", soft_wrap=True)
        return
    verb = "would add" if data.batch is None else "added"
    out.print(f"{verb} {_labels(data.rows)} of {data.model} ({data.target}, by {by})", soft_wrap=True)
    out.print(f"  of logged predictions: {data.matched:,}; corrections of earlier labels: {data.corrected:,}")


def _labels(number: int) -> str:
    return "1 label" if number == 1 else f"{number:,} labels"
