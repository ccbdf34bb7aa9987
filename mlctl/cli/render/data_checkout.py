"""Restored data as text."""

from mlctl.cli.render.status import Out
from mlctl.domain.requests.data_checkout import DataCheckoutResult, Restored

_LISTED = 10


def render(data: DataCheckoutResult, out: Out) -> None:
    """One line a dataset, then the files that changed."""
    for one in data.datasets:
        name = one.name if one.version is None else f"{one.name}@{one.version}"
        lines = [f"{name}  {one.path}  {_what(one)}"]
        changes = [*(f"  + {path}" for path in one.written), *(f"  - {path}" for path in one.removed)]
        lines += changes[:_LISTED]
        if len(changes) > _LISTED:
            lines.append(f"  … and {len(changes) - _LISTED} more")
        out.file.write("\n".join(lines) + "\n")


def _what(one: Restored) -> str:
    if not one.written and not one.removed:
        return "unchanged"
    fetched = f", {one.fetched} fetched from the remote" if one.fetched else ""
    return f"{len(one.written)} written, {len(one.removed)} removed{fetched}"
