"""The reason of a difference as text: a line a thing, the largest share first."""

import json
from typing import Any

from mlctl.cli.columns import clipped, columns, counted, number
from mlctl.cli.render.status import Out
from mlctl.domain.requests.diff import Change
from mlctl.domain.requests.why import HybridFit, Share, WhyResult

_DIGESTS = {"file", "variable"}  # they tell a reader nothing
_TINY = 1e-12
_NAMES = 60


def render(data: WhyResult, out: Out) -> None:
    """Show what makes the difference."""
    lines = [f"{data.old.label} -> {data.new.label}"]
    if not data.shares and not data.not_swapped:
        lines.append("nothing differs that a fit depends on")
    if data.dry_run:
        lines += _plan(data)
    else:
        lines += [*_values(data), *_shares(data), *_notes(data)]
    out.file.write("\n".join(lines) + "\n")


def _values(data: WhyResult) -> list[str]:
    rows = f"{counted(data.rows, 'test row')} of {data.new.label} that neither has learnt from"
    better = "0 is best" if data.better == "zero" else f"{data.better} is better"
    values = f"{data.metric} {_number(data.value_old)} -> {_number(data.value_new)} ({better})"
    lines = [f"{values} on the {rows}"]
    recorded = (data.recorded_old, data.recorded_new)
    if recorded != (data.value_old, data.value_new):
        told = " -> ".join(map(_number, recorded))
        lines.append(f"each on all test rows of its own: {told}{_by_rows(data)}")
    return lines


def _by_rows(data: WhyResult) -> str:
    """How much of what was recorded is made by the rows, not by the models."""
    if data.by_rows is None or abs(data.by_rows) <= _small(data):
        return ""
    most = "most of that" if abs(data.by_rows) > abs(data.difference or 0.0) else "of that"
    return f"; {_signed(data.by_rows)} {most} is made by other rows or weights, not by the models"


def _shares(data: WhyResult) -> list[str]:
    rows = [
        (
            _signed(one.share),
            _percent(one.share, data.difference),
            _told(one),
            _remarks(one, data),
        )
        for one in data.shares
    ]
    if abs(data.together) > _small(data):
        rows.append((_signed(data.together), _percent(data.together, data.difference), "together", ""))
    if abs(data.rest) > _small(data):
        rows.append((_signed(data.rest), _percent(data.rest, data.difference), "the rest", _candidates(data)))
    return columns(rows, right=(0, 1), indent="  ")


def _notes(data: WhyResult) -> list[str]:
    lines = [f"  {_apart(one)}: {one.errors[0].splitlines()[-1]}" for one in data.shares if one.errors]
    if data.not_swapped:
        lines.append("not swapped")
        lines += columns([(one.kind, one.name, _change(one)) for one in data.not_swapped], indent="  ")
    if data.luck is None and data.shares:
        lines.append("the seed's luck is not known: the recipe may ask its seed, and was fitted once")
    return lines


def _apart(share: Share) -> str:
    if len(share.changes) > 1 and share.share is not None:
        return f"only together, {share.name}"
    return f"{share.name} cannot be swapped alone"


def _plan(data: WhyResult) -> list[str]:
    lines = columns([(one.name, _changes(one)) for one in data.shares], indent="  ")
    if data.not_swapped:
        lines.append("cannot be swapped")
        lines += columns([(one.kind, one.name, _change(one)) for one in data.not_swapped], indent="  ")
    to_fit = sum(not one.source for one in data.fits)
    lines.append(f"{counted(to_fit, 'fit')}, {len(data.fits) - to_fit} known; on {counted(data.rows, 'row')}")
    return lines + [f"  {data.old.label} with {_taken(one)}" for one in data.fits if not one.source]


def _taken(fit: HybridFit) -> str:
    return ", ".join(fit.taken)


def _told(share: Share) -> str:
    return clipped(f"{share.name}  {_changes(share)}", _NAMES)


def _changes(share: Share) -> str:
    return ", ".join(_change(one) for one in share.changes)


def _change(change: Change) -> str:
    if change.kind in _DIGESTS:
        return "differs"
    return f"{_text(change.old)} -> {_text(change.new)}"


def _remarks(share: Share, data: WhyResult) -> str:
    said = []
    if share.within_luck:
        said.append(f"no more than the seed's luck: \N{PLUS-MINUS SIGN} {number(data.luck)}")
    if share.interacts:
        said.append(f"depends on the others: {_signed(share.first)} alone, {_signed(share.last)} at last")
    if share.share is None:
        said.append("not told by any fit")
    return "; ".join(said)


def _candidates(data: WhyResult) -> str:
    names = ", ".join(f"{one.kind} {one.name}" for one in data.not_swapped)
    return f"not swapped: {clipped(names, _NAMES)}" if names else "nothing that is known"


def _small(data: WhyResult) -> float:
    return max(abs(data.difference or 0.0) * 1e-6, _TINY)


def _percent(value: float | None, whole: float | None) -> str:
    if value is None or not whole or abs(whole) < _TINY:
        return ""
    return f"{value / whole + 0.0:.0%}".replace("-0%", "0%")


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.4g}"


def _number(value: float | None) -> str:
    return number(value) or "-"


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return clipped(value if isinstance(value, str) else json.dumps(value))
