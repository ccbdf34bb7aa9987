"""A moved dataset as text."""

from rich.console import Console

from mlctl.domain.requests.data_mv import DataMvResult


def render(data: DataMvResult, out: Console) -> None:
    """From where to where, then the files beside it."""
    label = data.name if data.version is None else f"{data.name}@{data.version}"
    out.print(f"{label}  {data.old} -> {data.new}{'' if data.changed else '  unchanged'}", soft_wrap=True)
    for sign, paths in (("+", data.written), ("-", data.removed)):
        for path in paths:
            out.print(f"  {sign} {path}", soft_wrap=True)
