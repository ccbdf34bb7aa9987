"""What differs as text: a line an input, a line a metric."""

import json
from typing import Any

from mlctl.cli.columns import clipped, columns, number
from mlctl.cli.render.status import Out
from mlctl.domain.requests.diff import Change, DiffResult

_HIDDEN = {"file", "variable"}  # digests tell a reader nothing


def render(data: DiffResult, out: Out) -> None:
    """Show the differences."""
    lines = [f"{data.old.label} -> {data.new.label}"]
    if not data.different:
        lines.append("nothing differs")
    lines += columns([(_kind(change), change.name, _told(change)) for change in data.changes], indent="  ")
    if data.metrics:
        where = "" if data.comparable else ", on other rows: not to be compared"
        lines.append(f"metrics of the held-out rows{where}")
        rows = [
            (one.name, number(one.old) or "-", number(one.new) or "-", _signed(one.difference))
            for one in data.metrics
        ]
        lines += columns(rows, right=(1, 2, 3), indent="  ")
    out.file.write("\n".join(lines) + "\n")


def _kind(change: Change) -> str:
    return "environment" if change.kind == "variable" else change.kind


def _told(change: Change) -> str:
    if change.kind in _HIDDEN:
        if change.old is None:
            return "only the second used it"
        return "differs" if change.new is not None else "only the first used it"
    return f"{_text(change.old)} -> {_text(change.new)}"


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return clipped(value if isinstance(value, str) else json.dumps(value))


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.4g}"
