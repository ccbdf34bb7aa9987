"""Columns that had better not be features: constant ones, copies, those that give the answer away.

Each comes with its evidence in words, for a comment that a person can judge.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlctl.domain.values import text_of
from mlctl.tabular.join import key_codes
from mlctl.tabular.schema import type_name
from mlctl.tabular.target import Target
from mlctl.tabular.time import event_time

_SURE = 0.9999
_SAMPLE = 20_000
_MIN_ROWS = 50
_REPEATS = 5  # rows a value must have on average before its purity means anything
_MAX_DISTINCT = 1000
_FOREIGN_DATE = r"^[0-9]{1,2}[/.][0-9]{1,2}[/.][0-9]{2,4}(?:$|[ T])"
_NUMBERS = {"integer", "number", "boolean"}

Floats = np.ndarray[Any, np.dtype[np.float64]]


def constant(table: pa.Table, names: Sequence[str]) -> dict[str, str]:
    """Columns with one value only, or none."""
    found = {}
    for name in names:
        column = table.column(name)
        distinct = pc.count_distinct(column, mode="only_valid").as_py()
        if distinct == 0:
            found[name] = "is missing in every row"
        elif distinct == 1 and not column.null_count:
            found[name] = f"is {text_of(pc.drop_null(column)[0].as_py())} in every row"
    return found


def foreign_dates(table: pa.Table, names: Sequence[str]) -> dict[str, str]:
    """Text columns of dates in a form that says not which part is the month."""
    found = {}
    for name in names:
        column = table.column(name)
        if type_name(column.type) != "string" or column.null_count == len(column):
            continue
        if pc.all(pc.match_substring_regex(column, _FOREIGN_DATE)).as_py():
            example = pc.drop_null(column)[0].as_py()
            found[name] = f"holds dates such as {example}; written as 2012-01-31 they could be used"
    return found


def grown(table: pa.Table, names: Sequence[str], time: Sequence[str]) -> dict[str, str]:
    """Columns of few whole numbers that never fall as time goes on: newer rows have a value never seen."""
    if not time:
        return {}
    order = np.argsort(event_time(table, time), kind="stable")
    found = {}
    for name in names:
        column = table.column(name)
        if type_name(column.type) != "integer" or column.null_count:
            continue
        values = np.asarray(column.to_numpy())[order]
        distinct = len(np.unique(values))
        if 1 < distinct <= len(values) // _REPEATS and bool(np.all(np.diff(values) >= 0)):
            found[name] = (
                f"only grows with time ({distinct} values): newer rows have one that was never learnt from"
            )
    return found


def copies(table: pa.Table, names: Sequence[str]) -> dict[str, str]:
    """Columns that say the same as an earlier one (`education-num` beside `education`; metres beside feet).

    Value for value where values repeat; by a straight line where they are measured.
    """
    sizes = {name: int(pc.count_distinct(table.column(name), mode="all").as_py()) for name in names}
    most = min(_MAX_DISTINCT, table.num_rows // _REPEATS)
    codes = {name: key_codes([table], [name])[0] for name in names if 1 < sizes[name] <= most}
    measured = {
        name: _floats(table.column(name))
        for name in names
        if sizes[name] > most and _is_measured(table.column(name))
    }
    found: dict[str, str] = {}
    for first, second in combinations(codes, 2):
        if first in found or second in found or sizes[first] != sizes[second]:
            continue
        pairs = codes[first].astype(np.int64) * (sizes[second] + 1) + codes[second]
        if len(np.unique(pairs)) == sizes[first]:
            found[second] = f"says the same as {first}, value for value ({sizes[first]} values)"
    for first, second in combinations(measured, 2):
        if first not in found and second not in found and _on_a_line(measured[first], measured[second]):
            found[second] = f"says the same as {first}: the two lie on a straight line"
    return found


def _on_a_line(a: Floats, b: Floats) -> bool:
    """Whether two columns are missing together and correlate perfectly, up to rounding."""
    good = np.isfinite(a)
    if not np.array_equal(good, np.isfinite(b)) or np.count_nonzero(good) < _MIN_ROWS:
        return False
    a, b = a[good], b[good]
    if not (np.std(a) > 0 and np.std(b) > 0):
        return False
    return bool(abs(np.corrcoef(a, b)[0, 1]) > 1 - 1e-12)


def leaks(table: pa.Table, target: Target, names: Sequence[str]) -> dict[str, str]:
    """Columns that give the answer away: alone, or two that add up to it."""
    if table.num_rows < _MIN_ROWS:
        return {}
    if not target.counts:
        return _leaks_of_a_number(table, target.name, names)
    found = {}
    truth = key_codes([table], [target.name])[0]
    for name in names:
        share = _purity(table.column(name), truth)
        if share >= _SURE:
            found[name] = f"gives {target.name} away: it alone tells it in {share:.2%} of the rows"
    return found


def _leaks_of_a_number(table: pa.Table, target: str, names: Sequence[str]) -> dict[str, str]:
    truth = _floats(table.column(target))
    numbers = {
        name: _floats(table.column(name))
        for name in names
        if type_name(table.column(name).type) in _NUMBERS and table.column(name).null_count < table.num_rows
    }
    found: dict[str, str] = {}
    for first, second in combinations(numbers, 2):
        formula = _identity(numbers[first], numbers[second], truth, first, second, target)
        if formula:
            found[first] = found[second] = f"gives {target} away: {formula} in every row"
    for name in names:
        if name in found:
            continue
        likeness = _rank_likeness(numbers[name], truth) if name in numbers else 0.0
        if likeness >= _SURE:
            found[name] = (
                f"gives {target} away: both put the rows in one order (rank correlation {likeness:.5f})"
            )
        elif _explained(table.column(name), truth) >= _SURE:
            found[name] = f"gives {target} away: rows with the same {name} have the same {target}"
    return found


def _identity(a: Floats, b: Floats, truth: Floats, first: str, second: str, target: str) -> str:
    """The formula of two columns that is the target in every row, up to rounding; "" where there is none."""
    few = slice(0, 100)
    for text, formula in (
        (f"{first} + {second}", np.add),
        (f"{first} - {second}", np.subtract),
        (f"{second} - {first}", lambda x, y: y - x),
        (f"{first} * {second}", np.multiply),
    ):
        if not np.allclose(formula(a[few], b[few]), truth[few], rtol=1e-9, atol=1e-9):
            continue
        varied = len(np.unique(a)) > 1 and len(np.unique(b)) > 1
        if varied and np.allclose(formula(a, b), truth, rtol=1e-9, atol=1e-9):
            return f"{target} = {text}"
    return ""


def _rank_likeness(values: Floats, truth: Floats) -> float:
    """|Spearman's rank correlation|, ties by their mean rank; 0 where few values tell little."""
    values, truth = _thinned(values), _thinned(truth)
    good = np.isfinite(values) & np.isfinite(truth)
    values, truth = values[good], truth[good]
    if len(values) < _MIN_ROWS or len(np.unique(values)) < len(np.unique(truth)) / 2:
        return 0.0
    a, b = _ranks(values), _ranks(truth)
    if np.std(a) == 0 or np.std(b) == 0:
        return 0.0
    return float(abs(np.corrcoef(a, b)[0, 1]))


def _ranks(values: Floats) -> Floats:
    _, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    middle: Floats = ends - (counts - 1) / 2.0
    return middle[codes]


def _explained(column: pa.ChunkedArray, truth: Floats) -> float:
    """Share of the target's variance between the column's values (eta squared); 0 if they hardly repeat."""
    codes = _repeating(column)
    if codes is None:
        return 0.0
    total = float(np.sum((truth - truth.mean()) ** 2))
    sums = np.bincount(codes, weights=truth)
    counts = np.bincount(codes)
    within = float(np.sum((truth - (sums / np.maximum(counts, 1))[codes]) ** 2))
    return 1 - within / total if total > 0 else 0.0


def _purity(column: pa.ChunkedArray, truth: np.ndarray[Any, Any]) -> float:
    """Share of rows with the most frequent class of their value; 1 if cuts in the numbers tell the class."""
    codes = _repeating(column)
    if codes is not None:
        return _largest_share(codes, truth)
    if type_name(column.type) not in _NUMBERS or column.null_count:
        return 0.0
    order = np.argsort(_floats(column), kind="stable")
    ordered = truth[order]
    runs = int(np.count_nonzero(np.diff(ordered))) + 1
    return 1.0 if runs == len(np.unique(truth)) else 0.0


def _largest_share(codes: np.ndarray[Any, Any], truth: np.ndarray[Any, Any]) -> float:
    classes, indices = np.unique(truth, return_inverse=True)
    cells = np.bincount(codes * len(classes) + indices, minlength=(codes.max() + 1) * len(classes))
    return float(cells.reshape(-1, len(classes)).max(axis=1).sum() / len(codes))


def _repeating(column: pa.ChunkedArray) -> np.ndarray[Any, Any] | None:
    """A code a row, missing included; None where values hardly repeat."""
    if pc.count_distinct(column, mode="all").as_py() > len(column) // _REPEATS:
        return None
    codes = key_codes([pa.table({"value": column})], ["value"])[0] + 1
    return np.asarray(codes)


def _is_measured(column: pa.ChunkedArray) -> bool:
    return type_name(column.type) in {"number", "integer"}


def _floats(column: pa.ChunkedArray) -> Floats:
    numbers = column.cast(pa.int8() if pa.types.is_boolean(column.type) else column.type).cast(
        pa.float64(), safe=False
    )
    return np.asarray(pc.fill_null(numbers, float("nan")).to_numpy(), dtype=np.float64)


def _thinned(values: Floats) -> Floats:
    return values[:: max(1, len(values) // _SAMPLE)]
