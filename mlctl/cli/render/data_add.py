"""Versioned data as text: one line a dataset."""

from rich.console import Console

from mlctl.cli.columns import size
from mlctl.domain.dataset import DatasetRow
from mlctl.domain.requests.data_add import DataAddResult


def render(data: DataAddResult, out: Console) -> None:
    """Say which versions the work tree stands on, and which files to commit."""
    for row in data.datasets:
        new = f"{row.name}@{row.version}" in data.added
        out.print(
            f"{row.name}@{row.version}  {row.path}  {_extent(row)}  {'added' if new else 'unchanged'}",
            soft_wrap=True,
        )
    for path in data.files:
        out.print(f"  + {path}", soft_wrap=True)


def _extent(row: DatasetRow) -> str:
    if row.rows is None:
        return size(row.bytes)
    return f"{row.rows} rows, {row.columns} columns, {size(row.bytes)}"
