"""What is not tracked any more, as text."""

from rich.console import Console

from mlctl.domain.requests.data_rm import DataRmResult


def render(data: DataRmResult, out: Console) -> None:
    """One line a dataset, then the files beside it."""
    for one in data.datasets:
        state = "not tracked any more" if one.removed else "was not tracked"
        kept = "" if one.version is None else f"; its versions up to {one.name}@{one.version} stay"
        out.print(f"{one.name}  {one.path}  {state}{kept}", soft_wrap=True)
        for sign, paths in (("~", one.written), ("-", one.removed)):
            for path in paths:
                out.print(f"  {sign} {path}", soft_wrap=True)
        if one.data_removed:
            out.print(f"  - {one.data_removed} files of the work tree")
