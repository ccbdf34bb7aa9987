"""The work tree against the versions, as text."""

from rich.console import Console

from mlctl.cli.columns import columns
from mlctl.domain.requests.data_status import DatasetState, DataStatusResult


def render(data: DataStatusResult, out: Console) -> None:
    """One line a dataset."""
    if not data.datasets:
        out.print("no datasets")
    for line in columns([_line(state) for state in data.datasets]):
        out.print(line, soft_wrap=True)


def _line(state: DatasetState) -> tuple[str, ...]:
    older = state.version is not None and state.newest is not None and state.version < state.newest
    why = state.why or (f"the newest is {state.name}@{state.newest}" if older else "")
    name = state.name if state.version is None else f"{state.name}@{state.version}"
    return (state.state, name, state.path, why)
