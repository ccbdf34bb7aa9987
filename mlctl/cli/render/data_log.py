"""A dataset's history as a table."""

from rich.console import Console

from mlctl.cli.columns import columns, minute, size
from mlctl.cli.render.changes import tally_line
from mlctl.domain.requests.data_log import DataLogResult, DatasetEvent
from mlctl.domain.sharing import spoken, starred


def render(data: DataLogResult, out: Console) -> None:
    """One line a version, newest first; `*` is the one that the work tree's pointer names."""
    rows = [("", "version", "added", "by", "files", "rows", "size", "md5", "decision", "changes")]
    for event in data.versions:
        row = event.dataset
        rows.append(
            (
                "*" if event.current else "",
                starred(f"{row.name}@{row.version}", published=row.published),
                minute(event.time),
                event.added_by,
                str(event.files),
                "" if row.rows is None else str(row.rows),
                size(row.bytes),
                row.md5[:8],
                spoken(event.decision),
                _changes(event),
            )
        )
    for line in columns(rows, right=(4, 5, 6, 8)):
        out.print(line, soft_wrap=True)


def _changes(event: DatasetEvent) -> str:
    if event.changes is None:
        return "the first"
    moved = [f"moved from {event.moved_from}"] if event.moved_from is not None else []
    return ", ".join([*moved, *([tally_line(event.changes)] if event.changes.different or not moved else [])])
