"""The datasets as a table."""

from rich.console import Console

from mlctl.cli.columns import columns, minute, size
from mlctl.domain.requests.data_ls import DataLsResult
from mlctl.domain.sharing import starred


def render(data: DataLsResult, out: Console) -> None:
    """One line a dataset."""
    if not data.datasets:
        out.print("no datasets")
        return
    rows = [("dataset", "path", "files", "rows", "columns", "size", "added")]
    rows += [
        (
            starred(f"{row.name}@{row.version}", published=row.published),
            row.path or "(frozen)",
            "" if row.files is None else str(row.files),
            "" if row.rows is None else str(row.rows),
            "" if row.columns is None else str(row.columns),
            size(row.bytes),
            minute(row.created),
        )
        for row in data.datasets
    ]
    for line in columns(rows, right=(2, 3, 4, 5)):
        out.print(line, soft_wrap=True)
