"""Files that differ as text: signs as git shows them, sizes and totals."""

from mlctl.cli.columns import size
from mlctl.domain.file_changes import Amount, FileChange, Tally

_SIGNS = {"added": "+", "removed": "-", "changed": "~", "renamed": ">"}


def change_line(change: FileChange) -> str:
    """`+ a/1.png  2.0 KiB`."""
    path = change.path or "(the file)"
    if change.was is not None:
        path = f"{change.was} -> {path}"
    sizes = [size(one) for one in (change.old_size, change.new_size) if one is not None]
    told = sizes[-1] if change.change == "renamed" else " -> ".join(dict.fromkeys(sizes))
    return f"{_SIGNS[change.change]} {path}  {told}"


def tally_line(tally: Tally) -> str:
    """`3 added (12.0 KiB), 1 removed (2.0 KiB)`; "no difference" where there is none."""
    said = [
        _amount(word, amount)
        for word, amount in (
            ("added", tally.added),
            ("removed", tally.removed),
            ("changed", tally.changed),
            ("renamed", tally.renamed),
        )
        if amount.files
    ]
    return ", ".join(said) or "no difference"


def _amount(word: str, amount: Amount) -> str:
    return f"{amount.files} {word} ({size(amount.bytes)})"
