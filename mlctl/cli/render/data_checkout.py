"""Restored data as text."""

from rich.console import Console

from mlctl.domain.requests.data_checkout import DataCheckoutResult, Restored

_LISTED = 10


def render(data: DataCheckoutResult, out: Console) -> None:
    """One line a dataset, then the files that changed."""
    for one in data.datasets:
        name = one.name if one.version is None else f"{one.name}@{one.version}"
        out.print(f"{name}  {one.path}  {_what(one)}", soft_wrap=True)
        changes = [*(f"  + {path}" for path in one.written), *(f"  - {path}" for path in one.removed)]
        for line in changes[:_LISTED]:
            out.print(line, soft_wrap=True)
        if len(changes) > _LISTED:
            out.print(f"  … and {len(changes) - _LISTED} more")


def _what(one: Restored) -> str:
    if not one.written and not one.removed:
        return "unchanged"
    fetched = f", {one.fetched} fetched from the remote" if one.fetched else ""
    return f"{len(one.written)} written, {len(one.removed)} removed{fetched}"
