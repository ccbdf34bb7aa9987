"""An import as text."""

from rich.console import Console

from mlctl.cli.columns import size
from mlctl.domain.requests.data_import import DataImportResult

_LISTED = 10


def render(data: DataImportResult, out: Console) -> None:
    """Say what came from where, and which files to commit."""
    state = "unchanged"
    if data.changed:
        state = "would be imported" if data.dataset is None else "imported"
    label = data.name if data.dataset is None else f"{data.name}@{data.dataset.version}"
    extent = "" if data.dataset is None else f"  {size(data.dataset.bytes)}"
    out.print(f"{label}  {data.path}{extent}  {state}", soft_wrap=True)
    out.print(f"  from {data.source.label} ({data.lock.told})", soft_wrap=True)
    for path in data.files[:_LISTED]:
        out.print(f"  + {path}", soft_wrap=True)
    if len(data.files) > _LISTED:
        out.print(f"  … and {len(data.files) - _LISTED} more")
