"""Which rows are learnt from and which are held out.

By time: everything from the cutoff on is held out, the embargo before it belongs to neither. At random: by a
hash of the row's key and the seed, so that a row stays on its side when others come or go. In folds: so many
splits, each with test rows of its own.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlctl.domain.duration import duration, share
from mlctl.domain.errors import TrainingFailed
from mlctl.domain.spec import ModelSpec
from mlctl.domain.spec_split import most_folds_text, too_much
from mlctl.domain.values import text_of
from mlctl.learning.rows import Array, codes_of, identities, task_of
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


Folds = Callable[[int], Split]
"""The split that stands so many before the last one."""


def split_rows(
    table: pa.Table, spec: ModelSpec, *, moments: Array | None, key: Sequence[str], window: str | None
) -> Split:
    """The split that a version comes from: the last of `splits_of`."""
    return splits_of(table, spec, moments=moments, key=key, window=window)[-1]


def splits_of(
    table: pa.Table, spec: ModelSpec, *, moments: Array | None, key: Sequence[str], window: str | None
) -> tuple[Split, ...]:
    """Split the learnable rows as the spec says (all ways but "dataset", which has its test rows elsewhere).

    One split, or `folds` of them, that of the version last. No row is held out twice. By time they walk
    forward: each learns from all that is older than its own test rows and the embargo before these. At
    random (and stratified) the last one is what one split alone would be, so that folds change no version.

    Args:
        table: the learnable rows.
        spec: says how.
        moments: their event times, or None where the data has no time.
        key: the data's key columns.
        window: newest part to learn from, counted back from the cutoff (or from the last row without one).

    Raises:
        TrainingFailed: one side would be empty, or the split needs a time column that the data lacks.
    """
    if too_much(spec.split):
        raise TrainingFailed(
            f"{spec.split.folds} folds cannot hold out {spec.split.test} each; "
            f"at most test = {most_folds_text(spec.split)!r}",
            _HINT,
        )
    of = _BY[spec.split.by](table, spec, moments, key)
    found = []
    for back in reversed(range(spec.split.folds)):
        made = of(back)
        train = made.train & inside_window(moments, window, made.cutoff, spec)
        whole = Split(train=train, test=made.test, cutoff=made.cutoff)
        found.append(_checked(whole, spec, table.num_rows, back))
    return tuple(found)


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


def _by_time(table: pa.Table, spec: ModelSpec, moments: Array | None, key: Sequence[str]) -> Folds:
    del table, key
    if moments is None:
        raise TrainingFailed(f'split by = "time" needs `time` in [data.{spec.data}]', _HINT)
    if np.isnat(moments).any():
        count = int(np.isnat(moments).sum())
        raise TrainingFailed(
            f"{count} rows have no event time, so they cannot be split by time", _HINT, rows=count
        )
    embargo = _span(spec.split.embargo)
    at = _cutoffs(moments, spec.split.test)

    def of(back: int) -> Split:
        cutoff = at(back + 1)
        test = moments >= cutoff
        if back:
            test &= moments < at(back)
        return Split(train=moments < cutoff - embargo, test=test, cutoff=cutoff)

    return of


def _cutoffs(moments: Array, test: str) -> Callable[[int], Any]:
    """The first moment of the newest n windows, as a function of n."""
    part = share(test)
    if part is not None:
        ordered = np.sort(moments)
        count = len(ordered)
        return lambda windows: ordered[min(count - 1, max(0, int(count * (1 - part * windows))))]
    end = moments.max() + np.timedelta64(1, "ms")
    length = _window(end, test)
    return lambda windows: end - windows * length


def _window(end: Any, test: str) -> Any:
    """How long the test rows last: a duration, or from a date to the end."""
    try:
        return _span(test)
    except ValueError:
        pass
    try:
        return end - np.datetime64(test.replace("Z", ""), "ms")
    except ValueError:
        raise TrainingFailed(
            f"split.test = {test!r} is neither a share (20%), a duration (14d) nor a date (2012-01-01)", _HINT
        ) from None


def _at_random(table: pa.Table, spec: ModelSpec, moments: Array | None, key: Sequence[str]) -> Folds:
    del moments
    return _between(_hashed(identities(table, key), spec.seed), _share(spec))


def _stratified(table: pa.Table, spec: ModelSpec, moments: Array | None, key: Sequence[str]) -> Folds:
    """By the rank of a row's hash within its class, so that every class is cut at its own share.

    Of a class with n rows, n times the share are held out, rounded; a row changes sides only where its class
    has grown or shrunk by rows before it.
    """
    del moments
    column = table.column(spec.target)
    if task_of(column, spec) == "regression":
        raise TrainingFailed(
            f'split by = "stratified" keeps the shares of classes, and {spec.target!r} is a number', _HINT
        )
    hashed = _hashed(identities(table, key), spec.seed)
    return _between(_ranked(hashed, codes_of(column)), _share(spec))


def _by_group(table: pa.Table, spec: ModelSpec, moments: Array | None, key: Sequence[str]) -> Folds:
    """By a hash of the group; in folds by the rank of the hash, so that each fold has as many groups."""
    del moments, key
    groups = [str(value) for value in key_text(_column(table, spec)).to_pylist()]
    names, codes = np.unique(groups, return_inverse=True)
    hashed = _hashed(names.tolist(), spec.seed)
    if spec.split.folds > 1:
        hashed = _ranked(hashed, np.zeros(len(names), dtype=np.int64))
    return _between(hashed[codes.reshape(-1)], _share(spec))


def _by_column(table: pa.Table, spec: ModelSpec, moments: Array | None, key: Sequence[str]) -> Folds:
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
    return lambda _: Split(train=~test, test=test)


_BY: dict[str, Callable[[pa.Table, ModelSpec, Array | None, Sequence[str]], Folds]] = {
    "time": _by_time,
    "random": _at_random,
    "stratified": _stratified,
    "group": _by_group,
    "column": _by_column,
}


def _between(places: Array, part: float) -> Folds:
    """Rows by their places in [0, 1): the last split holds out the first part, the one before it the next."""

    def of(back: int) -> Split:
        test = (places >= back * part) & (places < (back + 1) * part)
        return Split(train=~test, test=test)

    return of


def _ranked(hashed: Array, strata: Array) -> Array:
    """Places in (0, 1), evenly spaced within each stratum, in the order of the hashes."""
    order = np.lexsort((hashed, strata))
    sizes = np.bincount(strata)
    starts = np.cumsum(sizes) - sizes
    ordered = strata[order]
    places = np.empty(len(hashed), dtype=np.float64)
    places[order] = (np.arange(len(hashed)) - starts[ordered] + 0.5) / sizes[ordered]
    return places


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


def _checked(split: Split, spec: ModelSpec, rows: int, back: int) -> Split:
    fold = f" of fold {spec.split.folds - back} of {spec.split.folds}" if spec.split.folds > 1 else ""
    for name, chosen in (("test", split.test), ("training", split.train)):
        if not bool(np.any(chosen)):
            raise TrainingFailed(
                f"the {name} set{fold} is empty: split by {spec.split.by} with test = {spec.split.test!r}"
                f", embargo {spec.split.embargo}, over {rows} learnable rows",
                _HINT,
                rows=rows,
            )
    return split
