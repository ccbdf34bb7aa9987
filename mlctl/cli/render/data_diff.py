"""What differs as text: the two sides, a line a file, totals."""

from rich.console import Console

from mlctl.cli.columns import size
from mlctl.cli.render.changes import change_line, tally_line
from mlctl.domain.requests.data_diff import DataDiffResult, DiffSide


def render(data: DataDiffResult, out: Console) -> None:
    """Show the difference."""
    out.print(f"{data.name}: {_side(data.old)} -> {_side(data.new)}", soft_wrap=True)
    for change in data.files:
        out.print(f"  {change_line(change)}", soft_wrap=True)
    if data.more and data.files:
        out.print(f"  … and {data.more} more (--limit N lists more)")
    if data.columns is not None:
        for sign, columns in (
            ("+", data.columns.added),
            ("-", data.columns.removed),
            ("~", data.columns.retyped),
        ):
            for column in columns:
                out.print(f"  {sign} column {column.name} ({column.type})", soft_wrap=True)
    out.print(tally_line(data.tally))
    if not data.tally.renames_sought:
        out.print("too many files came and went to look for renamed ones")


def _side(side: DiffSide) -> str:
    if side.rows is not None:
        return f"{side.label} ({side.rows} rows, {side.columns} columns, {size(side.bytes)})"
    return f"{side.label} ({side.files} files, {size(side.bytes)})"
