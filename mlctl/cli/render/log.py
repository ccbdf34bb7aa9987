"""The decision log as text: a line a decision, like `git log --oneline`; with -v all of it."""

from rich.console import Console

from mlctl.cli.settings import current
from mlctl.domain.ids import is_digest, short
from mlctl.domain.requests.log import LogDecision, LogResult


def render(data: LogResult, out: Console) -> None:
    """Print the log."""
    if not data.decisions:
        out.print("No decisions.")
    for decision in data.decisions:
        if current().verbose:
            _full(decision, out)
        else:
            out.print(_line(decision), soft_wrap=True)


def _line(decision: LogDecision) -> str:
    moves = ", ".join(decision.summary)
    state = " (undone)" if decision.undone else ""
    reason = f"  “{decision.reason}”" if decision.reason else ""
    when = decision.time[:16].replace("T", " ")
    return f"{decision.number:>4}  {when}  {_kind(decision)}{state}  {moves}{reason}"


def _kind(decision: LogDecision) -> str:
    return f"{decision.kind} of {decision.undoes}" if decision.undoes else decision.kind


def _short_name(name: str) -> str:
    head, _, tail = name.rpartition("/")
    return f"{head}/{short(tail)}" if is_digest(tail) else name


def _value(value: str | None) -> str:
    return "nothing" if value is None else short(value)


def _full(decision: LogDecision, out: Console) -> None:
    state = " (undone)" if decision.undone else ""
    who = decision.actor.name or decision.actor.user
    mail = f" <{decision.actor.email}>" if decision.actor.email else ""
    out.print(f"decision {decision.number}  {decision.sha256}", soft_wrap=True)
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
    for key, value in decision.evidence.items():
        out.print(f"  {key}: {value}", soft_wrap=True)
    out.print("")
