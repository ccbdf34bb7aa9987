"""A clean verification as text."""

from rich.console import Console

from mlctl.domain.requests.fsck import FsckResult


def render(data: FsckResult, out: Console) -> None:
    """Print what was verified, swept and noticed."""
    for path in data.repaired:
        out.print(f"{'repaired' if data.changed else 'would repair'}: {path}", soft_wrap=True)
    for path in data.swept:
        out.print(f"swept: {path}", soft_wrap=True)
    for note in data.notes:
        out.print(f"note: {note}", soft_wrap=True)
    counts = ", ".join(_counted(count, what) for what, count in data.checked.items() if count)
    out.print(f"clean: {counts}", soft_wrap=True)


def _counted(count: int, what: str) -> str:
    many = what.replace("broken_off", "broken-off").replace("_", " ")
    one = {"indexes": "index"}.get(many, many.removesuffix("s"))
    return f"{count:,} {one if count == 1 else many}"
