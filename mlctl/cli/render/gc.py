"""A collection, planned or done, as text."""

from rich.console import Console

from mlctl.cli.columns import size
from mlctl.domain.requests.gc import Counted, GcResult

_SAID = {
    ("plan", False): "would move to the trash",
    ("collect", False): "would move to the trash",
    ("collect", True): "moved to the trash",
    ("restore", False): "would bring back",
    ("restore", True): "brought back",
    ("empty", False): "would remove for good",
    ("empty", True): "removed for good",
}
_LISTED = 5


def render(data: GcResult, out: Console) -> None:
    """What goes, what stays and why, and what is in the trash."""
    said = _SAID[data.act, data.changed]
    for one in data.collected:
        out.print(f"{said}: {_files(one)} of {one.what}", soft_wrap=True)
        for path in one.paths[:_LISTED]:
            out.print(f"  {path}", soft_wrap=True)
        if one.files > _LISTED and one.paths:
            out.print(f"  … and {one.files - _LISTED:,} more")
    for rule in dict.fromkeys(one.rule for one in data.released):
        labels = [one.label for one in data.released if one.rule == rule]
        more = f" … and {len(labels) - _LISTED:,} more" if len(labels) > _LISTED else ""
        out.print(f"by {rule}: {', '.join(labels[:_LISTED])}{more}", soft_wrap=True)
    if not data.collected:
        nothing = {"restore": "nothing to bring back", "empty": "nothing in the trash is that old"}
        out.print(nothing.get(data.act, "nothing to collect: everything is needed or young"))
    for one in data.kept:
        out.print(f"kept: {_files(one)} for {one.what}", soft_wrap=True)
    if data.young is not None and data.young.files:
        out.print(f"too young: {_files(data.young)}")
    for one in data.trash:
        out.print(f"in the trash since {one.what}: {_files(one)}")


def _files(one: Counted) -> str:
    return f"{one.files:,} {'file' if one.files == 1 else 'files'} ({size(one.bytes)})"
