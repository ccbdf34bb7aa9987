"""Updates of imported data as text."""

from rich.console import Console

from mlctl.cli.render.changes import tally_line
from mlctl.domain.requests.data_update import DataUpdateResult, Updated


def render(data: DataUpdateResult, out: Console) -> None:
    """A line a dataset, then what its source says and what differs."""
    for one in data.datasets:
        out.print(f"{_label(one)}  {one.path}  {_state(one)}", soft_wrap=True)
        out.print(f"  from {one.source.label}", soft_wrap=True)
        if one.changed:
            out.print(f"  {one.old.told} -> {one.new.told}", soft_wrap=True)
        if one.tally is not None:
            out.print(f"  {tally_line(one.tally)}", soft_wrap=True)
        if one.rows is not None and one.rows_before is not None:
            out.print(f"  {one.rows_before} rows -> {one.rows} rows")


def _label(one: Updated) -> str:
    return one.name if one.version is None else f"{one.name}@{one.version}"


def _state(one: Updated) -> str:
    if not one.changed:
        return "unchanged"
    if one.version is None:
        return "would be updated"
    return "the same bytes" if one.version == one.before else "updated"
