"""A push as text."""

from collections.abc import Iterator

from mlctl.cli.columns import counted, size
from mlctl.cli.render.status import Out
from mlctl.domain.requests.push import PushedAgain, PushResult


def render(data: PushResult, out: Out) -> None:
    """Print what was published, and what waits and why."""
    lines = [*_decisions(data), *(_planned(data) if data.dry_run else _sent(data))]
    if data.again is not None:
        lines += _again(data.again, data)
    elif not lines:
        lines.append(f"nothing to push to {data.remote}")
    out.file.write("".join(f"{line}\n" for line in lines))


def _decisions(data: PushResult) -> Iterator[str]:
    """What became of decisions, fetched ones first."""
    if data.fetched:
        yield f"{counted(data.fetched, 'decision')} fetched from {data.remote}"
    yield from (f"  {text}: another one was faster" for text in data.renumbered)
    if data.uploaded:
        are = "would be" if data.dry_run else "is" if data.uploaded == 1 else "are"
        now = "" if data.dry_run else " now"
        yield f"{counted(data.uploaded, 'decision')} {are} on {data.remote}{now}, numbered as before"
    for one in data.published:
        told = f"  ({', '.join(one.renumbered)})" if one.renumbered else ""
        yield f"{one.pending} ({one.kind}) is decision {one.decision}{told}"
    for left in data.waiting:
        doubt = " (may have been published)" if left.in_doubt else ""
        why = f": {left.why}" if left.why else ""
        yield f"{left.pending} ({left.kind}) waits{doubt}{why}"


def _planned(data: PushResult) -> Iterator[str]:
    """What a dry run would send."""
    for one in data.data:
        what = f"{counted(one.files, 'file')}, {size(one.bytes)}"
        yield f"data of {one.dataset} ({one.path}) would be sent: {what}"
    if data.facts:
        yield f"{counted(data.facts, 'fact')} would be sent to {data.remote}"


def _sent(data: PushResult) -> Iterator[str]:
    if data.files:
        yield f"{counted(data.files, 'file')} of data ({size(data.bytes)}) sent"
    if data.facts:
        yield f"{data.facts} facts and objects sent to {data.remote}"


def _again(again: PushedAgain, data: PushResult) -> list[str]:
    """What the remote had lost, or has."""
    sent = "would be sent" if data.dry_run else "sent"
    counts = (
        (again.decisions, counted(again.decisions, "decision")),
        (again.facts, f"{again.facts} facts and objects"),
        (again.files, f"{counted(again.files, 'file')} of data ({size(again.bytes)})"),
    )
    lost = [text for count, text in counts if count]
    lines = [f"{data.remote} lacked {', '.join(lost)}: {sent} again"] if lost else []
    lines += [f"{data.remote} lacks {one}; this machine does not have it either" for one in again.lacking]
    return lines or [f"{data.remote} holds all that was sent"]
