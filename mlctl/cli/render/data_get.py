"""Fetched files as text."""

from rich.console import Console

from mlctl.cli.columns import counted, size
from mlctl.domain.requests.data_get import DataGetResult

_LISTED = 10


def render(data: DataGetResult, out: Console) -> None:
    """What was asked for, and what of it was written and fetched."""
    what = f"{counted(data.files, 'file')}, {size(data.bytes)}"
    verb, fetched = (
        ("written", f"{data.fetched_files} fetched")
        if data.changed
        else ("to write", f"{data.fetched_files} to fetch")
    )
    fetched += f" ({size(data.fetched_bytes)})"
    how = f"{len(data.written)} {verb}, {fetched}" if data.written else "unchanged"
    origin = f"{data.version}  " if data.version else ""
    out.print(f"{origin}{data.target}  {what}: {how}", soft_wrap=True)
    for path in data.written[:_LISTED]:
        out.print(f"  + {path}", soft_wrap=True)
    if len(data.written) > _LISTED:
        out.print(f"  … and {len(data.written) - _LISTED} more")
