"""Checks of data as text: a line a check, examples below those that do not hold."""

from rich.console import Console

from mlctl.domain.dataset import CheckResult
from mlctl.domain.requests.data_check import DataCheckResult


def render(data: DataCheckResult, out: Console) -> None:
    """Show every check."""
    for one in data.datasets:
        version = "" if one.version is None else f"@{one.version}"
        out.print(f"{one.name}{version}  {one.path or ''}  {one.rows} rows", soft_wrap=True)
        for result in one.checks:
            out.print(
                f"  {'ok    ' if result.passed else 'BROKEN'}  {result.check}{_how(result)}", soft_wrap=True
            )
            for example in result.examples:
                out.print(f"            row {example['row']}: {example.get('value')!r}", soft_wrap=True)


def _how(result: CheckResult) -> str:
    return "" if result.passed else f"  {result.why or f'{result.failed} rows'}"
