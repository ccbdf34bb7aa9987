"""Whether rows are serial: columns with the target of other rows, and a target that follows its neighbour.

Looked for on the newest rows in time order (`STRETCH` of them, without a gap), so that the cost does not grow
with the data; choosing them is one partition of the times. Where several rows share a moment, as shops share
a day, the column that tells them apart is found and each of its values is a series of its own.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from mlctl.learning.rows import Array, codes_of
from mlctl.tabular.schema import type_name

STRETCH = 8192
"""Rows that are looked at: the newest."""

LIKE = 0.98
"""A correlation with the target of other rows that is too high for chance."""

STRONG = 0.5
"""A correlation of neighbours beyond which a random split measures how well a model interpolates."""

_SURE = 1e-6
_EXACT = 0.9999
_MARGIN = 0.005
_MIN_PAIRS = 100
_PLACES = 2000
_LONGEST = 2000
_TRIED = 3
_EVERY = 16
_FEWER = 4
_CLEARLY = 1000
_LARGE = 1e100
_RELATED = 0.3
_WINDOWS = (*range(2, 11), 12, 14, 20, 21, 24, 28, 30, 48, 52, 60, 72, 90, 96, 168, 336, 365)
_DISTINCT_MOMENTS = 0.9
_REPEATS = 5
_NUMBERS = {"integer", "number", "boolean"}


@dataclass(frozen=True, kw_only=True)
class Series:
    """Rows in time order, one series after the other.

    Attributes:
        rows: their places in the table.
        own: which series each belongs to; equal ones stand together.
        entity: the column that tells the series apart, or None for one series.
    """

    rows: Array
    own: Array
    entity: str | None = None


@dataclass(frozen=True, kw_only=True)
class Shifted:
    """A column that holds the target of other rows.

    Attributes:
        text: what it holds, in words.
        ahead: of rows that are newer than its own.
    """

    column: str
    text: str
    ahead: bool = False


def newest_series(table: pa.Table, moments: Array, names: Sequence[str]) -> Series:
    """The newest rows in time order; `names` are the columns that may tell series apart."""
    rows = np.flatnonzero(~np.isnat(moments))
    times = moments[rows].astype(np.int64)
    if len(rows) > STRETCH:
        chosen = np.argpartition(times, len(times) - STRETCH)[-STRETCH:]
        rows, times = rows[chosen], times[chosen]
    shuffled = np.random.default_rng(len(rows)).permutation(len(rows))  # rows of one moment have no order
    order = np.lexsort((shuffled, times))
    rows, times = rows[order], times[order]
    whole = Series(rows=rows, own=np.zeros(len(rows), dtype=np.int64))
    if len(rows) < _MIN_PAIRS or len(np.unique(times)) >= _DISTINCT_MOMENTS * len(rows):
        return whole
    found: list[tuple[int, str, Array]] = []
    for name in names:
        if type_name(table.column(name).type) not in {"string", "integer"}:
            continue
        codes = codes_of(table.column(name).take(pa.array(rows))) + 1
        distinct = int(codes.max()) + 1
        if not 1 < distinct <= len(rows) // _REPEATS:
            continue
        by_code = np.lexsort((times, codes))
        same = (np.diff(codes[by_code]) == 0) & (np.diff(times[by_code]) == 0)
        if same.mean() < 1 - LIKE:
            found.append((distinct, name, codes))
    if not found:
        return whole
    _, name, codes = min(found, key=lambda one: one[:2])
    order = np.lexsort((times, codes))
    return Series(rows=rows[order], own=codes[order], entity=name)


def shifted_columns(table: pa.Table, series: Series, target: str, names: Sequence[str]) -> list[Shifted]:
    """The columns that are the target of other rows, or a mean of it over earlier ones.

    Equal to the target so many rows before or after, or correlated with it at `LIKE` and more, and clearly
    more than with the target of its own row.
    """
    values = numbers(table, [target, *names], target, series.rows)
    truth = values.pop(target)
    if len(truth) < _MIN_PAIRS or not _varies(truth):
        return []
    spectrum = _spectrum(truth)
    least = len(np.unique(truth[::_EVERY])) / _FEWER
    sums = np.concatenate([[0.0], np.cumsum(np.nan_to_num(truth))])
    found = []
    for name, column in values.items():
        if not _varies(column) or len(np.unique(column[::_EVERY])) <= least:
            continue  # what holds the target of other rows has as many values
        one = (
            _lag(name, column, truth, series, spectrum, target)
            or _fading(name, column, truth, series, target)
            or _rolling(name, column, truth, series, (sums, spectrum), target)
        )
        if one is not None:
            found.append(one)
    return found


def neighbours(table: pa.Table, series: Series, target: str, *, classes: bool) -> tuple[float, float]:
    """How much the target follows its neighbour in time, and how probable that is of independent rows.

    The serial correlation of ranks (Wald and Wolfowitz 1943, An Exact Test for Randomness in the
    Non-Parametric Case Based on Serial Correlation), by its normal limit; of several series, around the mean
    of each. For classes, the agreement of neighbours beyond chance (for two classes the same number).
    """
    truth = numbers(table, [target], target, series.rows)[target]
    pair = series.own[1:] == series.own[:-1]
    if np.count_nonzero(pair) < _MIN_PAIRS or not np.nanstd(truth) > 0:
        return 0.0, 1.0
    if classes:
        shares = np.unique(truth, return_counts=True)[1] / len(truth)
        chance = float(np.sum(shares**2))
        strength = (float(np.mean((truth[1:] == truth[:-1])[pair])) - chance) / (1 - chance)
    else:
        _, codes, counts = np.unique(truth, return_inverse=True, return_counts=True)
        ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[codes.reshape(-1)]
        sizes = np.bincount(series.own)
        ranks = ranks - (np.bincount(series.own, weights=ranks) / np.maximum(sizes, 1))[series.own]
        strength = _correlation(ranks[1:][pair], ranks[:-1][pair])
    chance = 0.5 * math.erfc(strength * math.sqrt(np.count_nonzero(pair)) / math.sqrt(2))
    return strength, chance


def is_serial(strength: float, chance: float) -> bool:
    """Whether neighbours are alike enough, and surely."""
    return strength >= STRONG and chance < _SURE


def numbers(table: pa.Table, names: Sequence[str], target: str, rows: Array) -> dict[str, Array]:
    """Columns as float64 in the order of `rows`, NaN where missing; text as the number of the target's value.

    Text columns of other values than the target's, and all others, are left out.
    """
    at = pa.array(rows)
    truth = table.column(target).take(at)
    known = truth.unique() if type_name(truth.type) == "string" else None
    found = {}
    for name in names:
        column = table.column(name)
        kind = type_name(column.type)
        if kind in _NUMBERS:
            found[name] = floats(column.take(at))
        elif kind == "string" and known is not None:
            places = pa.compute.index_in(column.take(at), value_set=known)
            if places.null_count <= len(places) * (1 - LIKE) + column.null_count:
                found[name] = floats(places)
    return found


def floats(column: Any) -> Array:
    """float64, NaN where missing."""
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    filled = column.cast(pa.float64(), safe=False).fill_null(float("nan"))
    return np.asarray(
        filled.to_numpy(zero_copy_only=False) if isinstance(filled, pa.Array) else filled.to_numpy()
    )


def _varies(values: Array) -> bool:
    """Whether there is more than one value, and their squares are still numbers."""
    return bool(0 < np.nanstd(values) < _LARGE)


def _spectrum(values: Array) -> Array:
    size = 1 << (2 * len(values) - 1).bit_length()
    return np.fft.rfft(np.nan_to_num(values - np.nanmean(values)), size)


def _lag(
    name: str, column: Array, truth: Array, series: Series, spectrum: Array, target: str
) -> Shifted | None:
    """The shift at which the column is the target, found among all by one Fourier transform."""
    rows = len(truth)
    longest = min(rows // 4, _LONGEST)
    product = np.fft.irfft(_spectrum(column) * np.conj(spectrum))
    shifts = np.concatenate([np.arange(1, longest + 1), -np.arange(1, longest + 1)])
    strength = np.abs(product[shifts]) / (rows - np.abs(shifts))
    own = abs(_correlation(column, truth))
    if own >= _EXACT:
        return None
    best: tuple[float, int, float] | None = None
    for shift in {
        1,
        -1,
        *shifts[np.argsort(-strength[:longest])[:_TRIED]].tolist(),
        *shifts[longest + np.argsort(-strength[longest:])[:_TRIED]].tolist(),
    }:
        a, b, pair = _pairs(column, truth, series.own, shift)
        good = pair & np.isfinite(a) & np.isfinite(b)
        if np.count_nonzero(good) < _MIN_PAIRS:
            continue
        like = abs(_correlation(a[good], b[good]))
        same = float(np.mean(a[good] == b[good]))
        if like >= LIKE and (same >= LIKE or like >= own + _MARGIN) and (best is None or like > best[0]):
            best = (like, shift, same)
    if best is None:
        return None
    like, shift, same = best
    away = f"{abs(shift)} {'row' if abs(shift) == 1 else 'rows'} {'before' if shift > 0 else 'after'} its own"
    how = f"in {same:.1%} of the rows" if same >= LIKE else f"up to scale (correlation {like:.4f})"
    return Shifted(column=name, text=f"{name} is {target} {away}, {how}", ahead=shift < 0)


def _rolling(
    name: str, column: Array, truth: Array, series: Series, prepared: tuple[Array, Array], target: str
) -> Shifted | None:
    """A mean of the target over earlier rows, its own included or not; `prepared`: its sums and spectrum."""
    rows = len(truth)
    sums, spectrum = prepared
    places = np.arange(1, rows)[:: max(1, rows // _PLACES)]
    last = np.where(series.own[places] == series.own[places - 1], truth[places - 1], np.nan)
    level = abs(_correlation(column[places], last))
    steps = column[places] - column[places - 1]  # a wide mean hardly follows one row, but its steps do
    step = max(abs(_correlation(steps, last)), abs(_correlation(steps, truth[places])))
    if max(level, step) < _RELATED:
        return None
    own = abs(_correlation(column, truth))
    best: tuple[float, int, int] | None = None
    for width in sorted({*_WINDOWS, *_widths(column, spectrum)}):
        for back in (1, 0):
            first = places - back - width + 1
            good = (first >= 0) & np.isfinite(column[places])
            good[good] = series.own[first[good]] == series.own[places[good]]
            if np.count_nonzero(good) < _MIN_PAIRS:
                continue
            at, start = places[good], first[good]
            mean = (sums[at - back + 1] - sums[start]) / width
            like = abs(_correlation(column[at], mean))
            if (
                like >= LIKE
                and (like >= _EXACT or like >= own + _MARGIN)
                and (best is None or like > best[0])
            ):
                best = (like, width, back)
    if best is None:
        return None
    like, width, back = best
    which = f"{width} rows before its own" if back else f"{width} rows up to its own"
    return Shifted(column=name, text=f"{name} is the mean of {target} over {which} (correlation {like:.4f})")


def _widths(column: Array, spectrum: Array) -> list[int]:
    """Widths that a mean may have: with each step a row comes in and one goes out, so many rows before."""
    steps = np.diff(column, prepend=column[:1])
    product = np.fft.irfft(_spectrum(steps) * np.conj(spectrum))[: min(len(column) // 4, _LONGEST)]
    product = product * np.sign(product[np.argmax(np.abs(product[:2]))])
    gone = np.argsort(product)[:_TRIED]
    return [int(width) for shift in gone for width in (shift - 1, shift) if width > 1]


def _fading(name: str, column: Array, truth: Array, series: Series, target: str) -> Shifted | None:
    """An exponential mean of the target: a weighted sum of the column's and the target's last value."""
    pair = (series.own[1:] == series.own[:-1]) & np.isfinite(column[1:]) & np.isfinite(column[:-1])
    if np.count_nonzero(pair) < _MIN_PAIRS:
        return None
    now, last = column[1:][pair], column[:-1][pair]
    alone = _left(now, last)
    for values, which in ((truth[:-1][pair], "before its own"), (truth[1:][pair], "up to its own")):
        left = _left(now, last, values)
        if left < _SURE and left < alone / _CLEARLY:
            return Shifted(
                column=name, text=f"{name} is an exponential mean of {target} over the rows {which}"
            )
    return None


def _left(now: Array, *known: Array) -> float:
    """The share of the variance that a weighted sum leaves."""
    matrix = np.column_stack([*(values - values.mean() for values in known)])
    centred = now - now.mean()
    weights = np.linalg.lstsq(matrix, centred, rcond=None)[0]
    total = float(centred @ centred)
    rest = centred - matrix @ weights
    return float(rest @ rest) / total if total > 0 else 1.0


def _pairs(column: Array, truth: Array, own: Array, shift: int) -> tuple[Array, Array, Array]:
    """The column beside the target so many rows before (or after), and where both are of one series."""
    if shift > 0:
        return column[shift:], truth[:-shift], own[shift:] == own[:-shift]
    return column[:shift], truth[-shift:], own[:shift] == own[-shift:]


def _correlation(a: Array, b: Array) -> float:
    good = np.isfinite(a) & np.isfinite(b)
    a, b = a[good], b[good]
    if len(a) < 2:  # noqa: PLR2004 - a line needs two points
        return 0.0
    a, b = a - a.mean(), b - b.mean()
    size = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / size if size > 0 else 0.0
