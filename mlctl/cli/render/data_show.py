"""A dataset version as text: what it is, then a line a column with its summary."""

import msgspec
from rich.console import Console

from mlctl.cli.columns import clipped, columns, minute, number, size
from mlctl.cli.render.folder import folder_lines
from mlctl.domain.imported import Imported
from mlctl.domain.profile import ColumnProfile
from mlctl.domain.requests.data_show import DataShowResult
from mlctl.domain.sharing import starred

_FILES = 10
_MEDIAN = 4  # where the quantile 0.5 stands in a profile
_TOP = 3


def render(data: DataShowResult, out: Console) -> None:
    """Show the version."""
    row = data.dataset
    label = starred(f"{row.name}@{row.version}", published=row.published)
    out.print(f"{label}  {row.path or '(frozen)'}", soft_wrap=True)
    extent = (
        size(row.bytes) if row.rows is None else f"{row.rows} rows, {row.columns} columns, {size(row.bytes)}"
    )
    out.print(f"  {extent}, added {minute(row.created)}", soft_wrap=True)
    out.print(f"  md5     {row.md5}", soft_wrap=True)
    out.print(f"  sha256  {data.sha256}", soft_wrap=True)
    for key, value in data.origin.items():
        out.print(f"  {key}    {_origin(value)}", soft_wrap=True)
    if data.profile is not None:
        out.print("")
        head = ("column", "type", "missing", "distinct", "mean", "min", "median", "max", "most frequent")
        table = [head, *(_line(column) for column in data.profile.columns)]
        for line in columns(table, right=(2, 3, 4, 5, 6, 7)):
            out.print(line, soft_wrap=True)
    if data.folder is not None:
        for text in folder_lines(data.folder):
            out.print(f"  {text}", soft_wrap=True)
        out.print("")
    for entry in data.files[:_FILES]:
        out.print(f"  {entry.path}  {size(entry.size)}", soft_wrap=True)
    rest = data.more + max(0, len(data.files) - _FILES)
    if rest and data.files:
        out.print(f"  … and {rest} more files")


def _origin(value: object) -> str:
    """Where a version came from, in one line; of an import the source and its state."""
    if not isinstance(value, dict):
        return str(value)
    if "source" in value:
        imported = msgspec.convert(value, Imported, strict=False)
        return f"from {imported.source.label} ({imported.lock.told})"
    return ", ".join(f"{key} {_origin(one)}" for key, one in value.items())


def _line(column: ColumnProfile) -> tuple[str, ...]:
    top = ", ".join(f"{clipped(value, 16)} ({count})" for value, count in column.top[:_TOP])
    return (
        clipped(column.name, 24),
        column.type,
        str(column.missing) if column.missing else "",
        str(column.distinct),
        number(column.mean),
        clipped(number(column.minimum), 16),
        number(column.quantiles[_MEDIAN]) if column.quantiles else "",
        clipped(number(column.maximum), 16),
        top,
    )
