"""Versioned data as text: one line a dataset."""

from mlctl.cli.columns import counted, size
from mlctl.cli.render.status import Out
from mlctl.domain.dataset import DatasetRow
from mlctl.domain.requests.data_add import DataAddResult
from mlctl.domain.sharing import starred


def render(data: DataAddResult, out: Out) -> None:
    """Say which versions the work tree stands on, and which files to commit."""
    for row in data.datasets:
        new = f"{row.name}@{row.version}" in data.added
        state = "added" if new else "unchanged"
        label = starred(f"{row.name}@{row.version}", published=row.published)
        out.file.write(f"{label}  {row.path}  {_extent(row)}  {state}\n")
    for path in dict.fromkeys(data.files):  # two datasets of one folder share an ignore file
        out.file.write(f"  + {path}\n")


def _extent(row: DatasetRow) -> str:
    if row.rows is None:
        return size(row.bytes) if row.files is None else f"{counted(row.files, 'file')}, {size(row.bytes)}"
    return f"{row.rows} rows, {row.columns} columns, {size(row.bytes)}"
