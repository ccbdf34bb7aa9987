"""Results of declared checks in words."""

from mlctl.domain.dataset import CheckResult


def said_of(result: CheckResult) -> str:
    """A check that did not hold, in one line."""
    example = result.examples[0] if result.examples else None
    where = f" (row {example['row']}: {example.get('value')!r})" if example else ""
    return f"check {result.check} does not hold: {result.why or f'{result.failed} rows'}{where}"
