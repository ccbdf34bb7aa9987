"""Runs declared checks over a table and says which rows break them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlctl.domain.check import Check, parse_check
from mlctl.domain.dataset import CheckResult
from mlctl.domain.errors import UsageError
from mlctl.domain.expression_tokens import ExpressionError
from mlctl.domain.spec import DataSpec
from mlctl.tabular.expression import evaluate
from mlctl.tabular.join import key_codes
from mlctl.tabular.schema import column_missing

EXAMPLES = 5
"""Rows shown of each check that failed."""


def check_table(table: pa.Table, spec: DataSpec) -> tuple[CheckResult, ...]:
    """The results of the checks that a dataset declares, in their order.

    Raises:
        UsageError: a text is no check; with the column and a caret.
    """
    return run_checks(table, spec.checks, spec.path)


def run_checks(table: pa.Table, checks: Sequence[str], source: str = "the table") -> tuple[CheckResult, ...]:
    """The results of some checks, in their order.

    A check of a column that the table lacks, or of what cannot be compared, has failed, and says why.

    Raises:
        UsageError: a text is no check; with the column and a caret.
    """
    return tuple(_run(table, _parsed(text), source) for text in checks)


def _parsed(text: str) -> Check:
    try:
        return parse_check(text)
    except ExpressionError as error:
        raise UsageError(
            str(error), "mlctl spec explain", expression=text, position=error.position
        ) from error


def _run(table: pa.Table, check: Check, source: str) -> CheckResult:
    for name in check.columns:
        if name.name not in table.column_names:
            missing = column_missing(name.name, table.column_names, source)
            return CheckResult(check=check.text, passed=False, why=missing.message)
    try:
        broken = _broken(table, check)
    except ExpressionError as error:
        return CheckResult(check=check.text, passed=False, why=error.reason)
    if broken is None:
        return _row_count(table, check)
    rows = np.flatnonzero(broken)
    if not len(rows):
        return CheckResult(check=check.text, passed=True)
    return CheckResult(
        check=check.text,
        passed=False,
        failed=len(rows),
        examples=tuple(_example(table, check, int(row)) for row in rows[:EXAMPLES]),
        why=f"{len(rows)} of {table.num_rows} rows",
    )


def _broken(table: pa.Table, check: Check) -> np.ndarray[Any, Any] | None:
    """Which rows break the check, shape (rows,); None for a check of the whole table."""
    if check.kind == "unique":
        return _repeated(table, [name.name for name in check.columns])
    if check.kind == "matches":
        return _unmatched(table.column(check.columns[0].name), check)
    if check.kind == "row_count" or check.condition is None:
        return None
    truth = evaluate(table, check.condition, check.text)
    return ~np.asarray(pc.fill_null(truth, fill_value=True).to_numpy(zero_copy_only=False)).astype(bool)


def _repeated(table: pa.Table, columns: list[str]) -> np.ndarray[Any, Any]:
    """Rows whose key an earlier row has; a key with a missing part is never a repetition."""
    codes = key_codes([table], columns)[0]
    _, first = np.unique(codes, return_index=True)
    repeated = np.ones(len(codes), dtype=bool)
    repeated[first] = False
    repeated[codes < 0] = False
    return repeated


def _unmatched(column: pa.ChunkedArray, check: Check) -> np.ndarray[Any, Any]:
    try:
        matched = pc.match_substring_regex(column.cast(pa.string()), f"^(?:{check.pattern})$")
    except pa.ArrowInvalid as error:
        raise ExpressionError(f"not a regular expression of RE2: {error}", check.text, 0) from error
    return ~np.asarray(pc.fill_null(matched, fill_value=True).to_numpy()).astype(bool)


def _row_count(table: pa.Table, check: Check) -> CheckResult:
    count = pa.table({"row_count": [table.num_rows]})
    passed = check.condition is not None and evaluate(count, check.condition, check.text)[0].as_py() is True
    return CheckResult(check=check.text, passed=passed, why="" if passed else f"{table.num_rows} rows")


def _example(table: pa.Table, check: Check, row: int) -> dict[str, Any]:
    values = {name.name: _plain(table.column(name.name)[row].as_py()) for name in check.columns}
    return {"row": row + 1, "value": next(iter(values.values())) if len(values) == 1 else values}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else value.isoformat()
