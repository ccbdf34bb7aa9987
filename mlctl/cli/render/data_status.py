"""The work tree against the versions, as text."""

from mlctl.cli.columns import columns, minute, size
from mlctl.cli.render.status import Out
from mlctl.domain.requests.data_status import DatasetPresence, DatasetState, DataStatusResult


def render(data: DataStatusResult, out: Out) -> None:
    """One line a dataset; then one a dataset of what the remote holds, if it was asked."""
    lines = columns([_line(state) for state in data.datasets]) or ["no datasets"]
    if data.remote is not None:
        lines.append(f"on {data.remote.url}")
        lines += columns([_presence(one) for one in data.remote.datasets], indent="  ")
    out.file.write("\n".join(lines) + "\n")


def _presence(one: DatasetPresence) -> tuple[str, ...]:
    what = f"{one.files} files, {size(one.bytes)}" if one.state != "elsewhere" else "no push carries it"
    if one.state == "incomplete":
        missing = f"{one.missing_files} of {one.files} files ({size(one.missing_bytes)}) are missing"
        by = f"; added by {one.added_by}, {minute(one.added_at)}" if one.added_by and one.added_at else ""
        absent = "" if one.here else "; this machine does not have them either"
        what = f"{missing if one.missing_files else 'only its listing is missing'}{by}{absent}"
    name = one.version or one.name if one.stage is None else f"stage {one.stage}"
    return (one.state, name, one.path, what)


def _line(state: DatasetState) -> tuple[str, ...]:
    older = state.version is not None and state.newest is not None and state.version < state.newest
    why = state.why or (f"the newest is {state.name}@{state.newest}" if older else "")
    name = state.name if state.version is None else f"{state.name}@{state.version}"
    return (state.state, name, state.path, why)
