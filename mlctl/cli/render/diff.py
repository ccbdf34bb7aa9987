"""What differs as text: a line an input, a line a metric."""

import json
from typing import Any

from mlctl.cli.columns import clipped, columns, number
from mlctl.cli.gates import word
from mlctl.cli.render.status import Out
from mlctl.domain.requests.diff import Change, DiffResult, MetricChange

_HIDDEN = {"file", "variable"}  # digests tell a reader nothing


def render(data: DiffResult, out: Out) -> None:
    """Show the differences."""
    lines = [f"{data.old.label} -> {data.new.label}"]
    if not data.different:
        lines.append("nothing differs")
    lines += columns([(_kind(change), change.name, _told(change)) for change in data.changes], indent="  ")
    if data.metrics:
        where = "" if data.comparable else f", {data.why}: not to be compared"
        lines.append(f"metrics of the held-out rows{where}")
        rows = [
            (
                one.name,
                number(one.old) or "-",
                number(one.new) or "-",
                _signed(one.difference),
                one.why or _interval(one),
            )
            for one in data.metrics
        ]
        lines += columns(rows, right=(1, 2, 3), indent="  ")
    if data.apart is not None:
        lines.append(
            f"  {data.new.label} beside {data.old.label}: {word(data.apart)}"
            + (f"; {why}" if (why := data.apart.why) else "")
        )
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


def _interval(change: MetricChange) -> str:
    if change.low is None or change.high is None:
        return ""
    return f"[{change.low:+.4g}, {change.high:+.4g}]"


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.4g}"
