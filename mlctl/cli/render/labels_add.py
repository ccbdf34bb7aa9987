"""Text of `mlctl labels add`."""

from rich.console import Console

from mlctl.domain.requests.labels_add import LabelsAddResult


def render(data: LabelsAddResult, out: Console) -> None:
    """One line, and what became of the labels."""
    by = "prediction id" if data.by == ("mlctl.id",) else ", ".join(data.by)
    if data.batch is not None and not data.changed:
        out.print(f"Unchanged: these {data.rows:,} labels count already.")
        return
    verb = "Would add" if data.batch is None else "Added"
    out.print(
        f"{verb} {data.rows:,} labels of {data.model} ({data.target}, by {by}): "
        f"{data.matched:,} belong to logged predictions, {data.corrected:,} correct earlier ones."
    )
