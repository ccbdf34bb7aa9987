"""The decision log as text: a line a decision, like `git log --oneline`; with -v all of it.

A narrow terminal that a line would not fit into is not told who decided.
"""

from rich.console import Console

from mlctl.cli.columns import clipped, columns, minute
from mlctl.cli.settings import current
from mlctl.domain.ids import is_digest, short
from mlctl.domain.requests.log import LogDecision, LogResult
from mlctl.domain.sharing import spoken

_NAME = 16  # characters of an author's name
_WIDE = 100  # columns of a terminal in which a line may wrap all the same


def render(data: LogResult, out: Console) -> None:
    """Print the log."""
    if not data.decisions:
        out.print("no decisions")
    if current().verbose:
        for decision in data.decisions:
            _full(decision, out)
        return
    lines = columns([_row(decision, _who(decision)) for decision in data.decisions], right=(0,))
    if out.is_terminal and out.width < _WIDE and any(len(line) > out.width for line in lines):
        lines = columns([_row(decision) for decision in data.decisions], right=(0,))
    if lines:
        out.print("\n".join(lines), soft_wrap=True)


def _who(decision: LogDecision) -> str:
    return clipped(decision.actor.name or decision.actor.user, _NAME)


def _row(decision: LogDecision, *who: str) -> tuple[str, ...]:
    state = _state(decision)
    reason = f"  “{decision.reason}”" if decision.reason else ""
    moves = ", ".join(decision.summary)
    what = f"{_kind(decision)}{state}"
    return spoken(decision.number), minute(decision.time), *who, what, f"{moves}{reason}"


def _state(decision: LogDecision) -> str:
    if decision.waits is not None:
        return f" (waits: {decision.waits})"
    if decision.in_doubt:
        return " (may have been published)"
    if not decision.published:
        return " (not published)"
    return " (undone)" if decision.undone else ""


def _kind(decision: LogDecision) -> str:
    return f"{decision.kind} of {spoken(decision.undoes)}" if decision.undoes else decision.kind


def _short_name(name: str) -> str:
    head, _, tail = name.rpartition("/")
    return f"{head}/{short(tail)}" if is_digest(tail) else name


def _value(value: str | None) -> str:
    return "nothing" if value is None else short(value)


def _full(decision: LogDecision, out: Console) -> None:
    state = _state(decision)
    who = decision.actor.name or decision.actor.user
    mail = f" <{decision.actor.email}>" if decision.actor.email else ""
    out.print(f"decision {spoken(decision.number)}  {decision.sha256}", soft_wrap=True)
    out.print(f"  {_kind(decision)}{state}, {decision.time}")
    out.print(
        f"  by {who}{mail}, {decision.actor.user}@{decision.actor.host} ({decision.actor.via})",
        soft_wrap=True,
    )
    if decision.command:
        out.print(f"  $ {decision.command}", soft_wrap=True)
    if decision.reason:
        out.print(f"  reason: {decision.reason}", soft_wrap=True)
    for change in decision.changes:
        line = f"  {_short_name(change.name)}: {_value(change.old)} → {_value(change.new)}"
        out.print(line, soft_wrap=True)
    for new, old in decision.was.items():
        out.print(f"  {new} was {old} before it was published", soft_wrap=True)
    for key, value in decision.evidence.items():
        out.print(f"  {key}: {value}", soft_wrap=True)
    out.print("")
