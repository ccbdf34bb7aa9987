"""Which rows are learnt from and which are held out.

By time: everything from the cutoff on is held out, the embargo before it belongs to neither. At random: by a
hash of the row's key and the seed, so that a row stays on its side when others come or go.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlctl.domain.duration import duration, share
from mlctl.domain.errors import TrainingFailed
from mlctl.domain.spec import ModelSpec
from mlctl.domain.values import text_of
from mlctl.learning.rows import Array, identities
from mlctl.tabular.join import key_text
from mlctl.tabular.schema import require_columns

_HINT = "mlctl spec explain"


@dataclass(frozen=True, kw_only=True)
class Split:
    """Masks over the learnable rows.

    Attributes:
        train, test: shape (rows,) bool; disjoint, and neither is empty.
        cutoff: first moment of the test rows (datetime64[ms]), for a split by time.
    """

    train: Array
    test: Array
    cutoff: Any | None = None


def split_rows(
    table: pa.Table, spec: ModelSpec, *, moments: Array | None, key: Sequence[str], window: str | None
) -> Split:
    """Split the learnable rows as the spec says (all ways but "dataset", which has its test rows elsewhere).

    Args:
        table: the learnable rows.
        spec: says how.
        moments: their event times, or None where the data has no time.
        key: the data's key columns.
        window: newest part to learn from, counted back from the cutoff (or from the last row without one).

    Raises:
        TrainingFailed: one side would be empty, or the split needs a time column that the data lacks.
    """
    made = _BY[spec.split.by](table, spec, moments, key)
    train = made.train & inside_window(moments, window, made.cutoff, spec)
    return _checked(Split(train=train, test=made.test, cutoff=made.cutoff), spec, table.num_rows)


def inside_window(
    moments: Array | None, window: str | None, end: Any | None, spec: ModelSpec
) -> Array | bool:
    """The rows of the newest part: all where the window is None or "all"."""
    if window is None or window == "all":
        return True
    if moments is None:
        raise TrainingFailed(f"window = {window!r} needs a time column in [data.{spec.data}]", _HINT)
    last = moments.max() + np.timedelta64(1, "ms") if end is None else end
    return np.asarray(moments >= last - _span(window))


def _by_time(table: pa.Table, spec: ModelSpec, moments: Array | None, key: Sequence[str]) -> Split:
    del table, key
    if moments is None:
        raise TrainingFailed(f'split by = "time" needs `time` in [data.{spec.data}]', _HINT)
    if np.isnat(moments).any():
        count = int(np.isnat(moments).sum())
        raise TrainingFailed(
            f"{count} rows have no event time, so they cannot be split by time", _HINT, rows=count
        )
    cutoff = _cutoff(moments, spec.split.test)
    return Split(train=moments < cutoff - _span(spec.split.embargo), test=moments >= cutoff, cutoff=cutoff)


def _cutoff(moments: Array, test: str) -> Any:
    part = share(test)
    if part is not None:
        ordered = np.sort(moments)
        return ordered[min(len(ordered) - 1, int(len(ordered) * (1 - part)))]
    try:
        return moments.max() + np.timedelta64(1, "ms") - _span(test)
    except ValueError:
        pass
    try:
        return np.datetime64(test.replace("Z", ""), "ms")
    except ValueError:
        raise TrainingFailed(
            f"split.test = {test!r} is neither a share (20%), a duration (14d) nor a date (2012-01-01)", _HINT
        ) from None


def _at_random(table: pa.Table, spec: ModelSpec, moments: Array | None, key: Sequence[str]) -> Split:
    del moments
    test = _hashed(identities(table, key), spec.seed) < _share(spec)
    return Split(train=~test, test=test)


def _by_group(table: pa.Table, spec: ModelSpec, moments: Array | None, key: Sequence[str]) -> Split:
    del moments, key
    column = _column(table, spec)
    groups = [str(value) for value in key_text(column).to_pylist()]
    test = _hashed(groups, spec.seed) < _share(spec)
    return Split(train=~test, test=test)


def _by_column(table: pa.Table, spec: ModelSpec, moments: Array | None, key: Sequence[str]) -> Split:
    del moments, key
    column = _column(table, spec)
    encoded = [text_of(value) for value in column.to_pylist()]
    test = np.array([value == spec.split.test for value in encoded], dtype=bool)
    if not test.any():
        found = ", ".join(sorted({str(value) for value in pc.unique(column).to_pylist()})[:10])
        raise TrainingFailed(
            f"the test set is empty: no row has {spec.split.column} = {spec.split.test!r}; it holds: {found}",
            _HINT,
        )
    return Split(train=~test, test=test)


_BY = {"time": _by_time, "random": _at_random, "group": _by_group, "column": _by_column}


def _column(table: pa.Table, spec: ModelSpec) -> pa.ChunkedArray:
    if spec.split.column is None:
        raise TrainingFailed(f'split by = "{spec.split.by}" needs `column`', _HINT)
    require_columns(table, [spec.split.column], f"the table of {spec.data}")
    return table.column(spec.split.column)


def _share(spec: ModelSpec) -> float:
    part = share(spec.split.test)
    if part is None:
        raise TrainingFailed(f"split.test = {spec.split.test!r} is no share such as 20%", _HINT)
    return part


def _hashed(texts: list[str], seed: int) -> Array:
    """A number in [0, 1) for each text, the same in every run with this seed."""
    salt = f"{seed}\n".encode()
    numbers = [
        int.from_bytes(hashlib.blake2b(salt + text.encode(), digest_size=7).digest()) for text in texts
    ]
    return np.array(numbers, dtype=np.float64) / 2.0**56


def _span(text: str) -> np.timedelta64:
    return np.timedelta64(int(duration(text).total_seconds() * 1000), "ms")


def _checked(split: Split, spec: ModelSpec, rows: int) -> Split:
    for name, chosen in (("test", split.test), ("training", split.train)):
        if not bool(np.any(chosen)):
            raise TrainingFailed(
                f"the {name} set is empty: split by {spec.split.by} with test = {spec.split.test!r}"
                f", embargo {spec.split.embargo}, over {rows} learnable rows",
                _HINT,
                rows=rows,
            )
    return split
