"""Columns that give the answer away: the target is read off one of them, or off a sum of a few.

Each column alone is fitted on training rows and judged on held-out rows (a line, the mean of its neighbours,
the mean or the most frequent class of each value). What is nearly certain there, beyond what an honest
feature reaches, is told. At most `SAMPLE` rows a side are looked at, fewer of a wide table, so that the cost
does not grow with the data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from mlctl.learning.rows import Array, codes_of, targets
from mlctl.learning.serial import floats
from mlctl.tabular.schema import type_name

SAMPLE = 2000
"""Rows of each side that are looked at."""

CERTAIN = 0.999
"""Share of the target's variance on held-out rows, or of right classes, beyond which a column tells it."""

_CELLS = 2_000_000
_MIN_ROWS = 50
_MIN_MINORITY = 5
_LEFT = 0.02
_ORDERED = 0.9999
_EXACT = 1e-9
_FEW = 5
_LARGE = 1e100
_MOST_NUMBERS = 100
_COVERED = 0.5
_NUMBERS = {"integer", "number", "boolean", "date", "datetime"}


@dataclass(frozen=True, kw_only=True)
class Giveaway:
    """Columns that are to be left out together, and why."""

    columns: tuple[str, ...]
    text: str


@dataclass(frozen=True, kw_only=True)
class _Sides:
    """The sampled rows: training rows first, then `tested` held-out ones."""

    table: pa.Table
    learnt: int
    truth: Array
    classes: int
    target: str

    @property
    def seen(self) -> Array:
        return self.truth[: self.learnt]

    @property
    def held(self) -> Array:
        return self.truth[self.learnt :]


def giveaways(
    table: pa.Table, train: Array, test: Array, names: Sequence[str], target: str, classes: Sequence[str]
) -> list[Giveaway]:
    """The columns that give the target away; `train` and `test` are masks, a number has no `classes`."""
    most = max(_MIN_ROWS, min(SAMPLE, _CELLS // max(1, len(names))))
    first, second = _thinned(np.flatnonzero(train), most), _thinned(np.flatnonzero(test), most)
    if min(len(first), len(second)) < _MIN_ROWS:
        return []
    sample = table.select([*names, target]).take(pa.array(np.concatenate([first, second])))
    truth = targets(sample.column(target), classes)
    sides = _Sides(table=sample, learnt=len(first), truth=truth, classes=len(classes), target=target)
    if not _can_tell(sides):
        return []
    numeric = {
        name: _numbers(sample.column(name))
        for name in names
        if type_name(sample.column(name).type) in _NUMBERS
    }
    found = []
    for name in names:
        text = _alone(sides, name, numeric.get(name))
        if text:
            found.append(Giveaway(columns=(name,), text=f"{name} gives {target} away: {text}"))
    taken = {name for one in found for name in one.columns}
    left = {name: values for name, values in numeric.items() if name not in taken}
    return found if classes else [*found, *_together(sides, left)]


def _can_tell(sides: _Sides) -> bool:
    """Whether there is something to tell: the target differs between rows of both sides."""
    if sides.classes:
        counts = np.bincount(sides.held[sides.held >= 0], minlength=sides.classes)
        return int(counts.sum() - counts.max()) >= _MIN_MINORITY
    return bool(np.std(sides.seen) > 0 and np.std(sides.held) > 0)


def _alone(sides: _Sides, name: str, values: Array | None) -> str:
    """How one column tells the target on the held-out rows; "" where it does not."""
    if sides.classes:
        told = codes_of(sides.table.column(name)).astype(np.float64) if values is None else values
        right = _right(sides, told, exact=values is None)
        majority = np.bincount(sides.held[sides.held >= 0]).max() / len(sides.held)
        if right >= CERTAIN and 1 - right <= _LEFT * (1 - majority):
            return f"alone it tells the class in {right:.2%} of the held-out rows"
        return ""
    if values is None:
        share = _explained(sides, _by_value(sides, codes_of(sides.table.column(name)) + 1))
        return f"rows with the same {name} have the same {sides.target}" if share >= CERTAIN else ""
    share = max(_explained(sides, answer) for answer in _curves(sides, values))
    if share >= CERTAIN:
        return f"alone it explains {share:.3%} of its variance in the held-out rows"
    if _same_order(values[sides.learnt :], sides.held) >= _ORDERED:
        return "both put the held-out rows in one order"
    return ""


def _right(sides: _Sides, values: Array, *, exact: bool) -> float:
    """The share of held-out rows whose class is that of the same value among the training rows.

    Of a number, the nearest value; of anything else, a value that was not seen is wrong.
    """
    seen, held = values[: sides.learnt], values[sides.learnt :]
    known = np.isfinite(seen) & (sides.seen >= 0)
    if np.count_nonzero(known) < _MIN_ROWS:
        return 0.0
    distinct, codes = np.unique(seen[known], return_inverse=True)
    cells = codes.reshape(-1) * sides.classes + sides.seen[known]
    counts = np.bincount(cells, minlength=len(distinct) * sides.classes).reshape(-1, sides.classes)
    best = counts.argmax(axis=1)
    at = _nearest(distinct, held)
    right = best[at] == sides.held
    right &= np.isfinite(held)
    if exact:
        right &= distinct[at] == held
    return float(right.mean())


def _by_value(sides: _Sides, codes: Array) -> Array:
    """The mean of the target of each value among the training rows; the mean of all for one not seen."""
    seen, held = codes[: sides.learnt].astype(np.int64), codes[sides.learnt :].astype(np.int64)
    size = int(codes.max()) + 1
    counts = np.bincount(seen, minlength=size)
    sums = np.bincount(seen, weights=sides.seen, minlength=size)
    mean = np.where(counts > 0, sums / np.maximum(counts, 1), sides.seen.mean())
    return np.asarray(mean[held])


def _curves(sides: _Sides, values: Array) -> list[Array]:
    """Answers to the held-out rows: by a straight line, and between the nearest training rows."""
    seen, held = values[: sides.learnt], values[sides.learnt :]
    known = np.isfinite(seen)
    middle = sides.seen.mean()
    if np.count_nonzero(known) < _MIN_ROWS or not np.std(seen[known]) > 0:
        return [np.full(len(held), middle)]
    x, y = seen[known], sides.seen[known]
    centre = x.mean()
    slope = float((x - centre) @ (y - y.mean())) / float((x - centre) @ (x - centre))
    distinct, codes = np.unique(x, return_inverse=True)
    codes = codes.reshape(-1)
    means = np.bincount(codes, weights=y) / np.bincount(codes)
    filled = np.where(np.isfinite(held), held, centre)
    return [y.mean() + slope * (filled - centre), np.interp(filled, distinct, means)]


def _explained(sides: _Sides, answer: Array) -> float:
    """The share of the held-out variance that an answer explains."""
    total = float(np.sum((sides.held - sides.held.mean()) ** 2))
    return 1 - float(np.sum((sides.held - answer) ** 2)) / total


def _same_order(values: Array, truth: Array) -> float:
    """|Rank correlation|, 0 for a column of far fewer values than the target has."""
    if not np.isfinite(values).all() or len(np.unique(values)) < len(np.unique(truth)) / 2:
        return 0.0
    a, b = _ranks(values), _ranks(truth)
    return float(abs(np.corrcoef(a, b)[0, 1])) if np.std(a) > 0 else 0.0


def _together(sides: _Sides, numeric: Mapping[str, Array]) -> list[Giveaway]:
    """A few columns of which the target is a weighted sum, or two of which it is the product."""
    whole = {
        name: values
        for name, values in numeric.items()
        if np.isfinite(values).all() and 0 < np.std(values[: sides.learnt]) < _LARGE
    }
    if not 1 < len(whole) <= _MOST_NUMBERS or np.abs(sides.truth).max() > _LARGE:
        return []
    names = list(whole)
    matrix = np.column_stack([whole[name] for name in names])
    return _sum_of(sides, names, matrix) or _product_of(sides, names, matrix)


def _sum_of(sides: _Sides, names: list[str], matrix: Array) -> list[Giveaway]:
    centre, spread = matrix[: sides.learnt].mean(axis=0), matrix[: sides.learnt].std(axis=0)
    scaled = np.column_stack([(matrix - centre) / spread, np.ones(len(matrix))])
    weights = np.linalg.lstsq(scaled[: sides.learnt], sides.seen, rcond=None)[0]
    if 1 - _explained(sides, scaled[sides.learnt :] @ weights) > _EXACT:
        return []
    large = np.abs(weights[:-1]) > np.abs(weights[:-1]).max() * 1e-6
    used = [name for name, own in zip(names, large, strict=True) if own]
    if len(used) > _FEW:
        return []
    factors = weights[:-1] / spread
    terms = [_term(factor, name) for name, factor, own in zip(names, factors, large, strict=True) if own]
    constant = float(weights[-1] - factors @ centre)
    if abs(constant) > _EXACT * float(np.abs(sides.seen).max()) * len(names):
        terms.append(f"{constant:.4g}")
    formula = " + ".join(terms).replace("+ -", "- ")
    return [Giveaway(columns=tuple(used), text=f"{sides.target} = {formula} in every held-out row")]


def _term(factor: float, name: str) -> str:
    if np.isclose(abs(factor), 1, rtol=1e-6):
        return name if factor > 0 else f"-{name}"
    return f"{factor:.4g} {name}"


def _product_of(sides: _Sides, names: list[str], matrix: Array) -> list[Giveaway]:
    few = matrix[sides.learnt : sides.learnt + _MIN_ROWS]
    truth = sides.held[:_MIN_ROWS]
    close = np.isclose(few[:, :, None] * few[:, None, :], truth[:, None, None], rtol=1e-9).all(axis=0)
    for first, second in np.argwhere(np.triu(close)):
        if np.allclose(matrix[:, first] * matrix[:, second], sides.truth, rtol=1e-9):
            pair = (names[first], names[second])
            text = f"{sides.target} = {pair[0]} * {pair[1]} in every held-out row"
            return [Giveaway(columns=tuple(dict.fromkeys(pair)), text=text)]
    return []


def _ranks(values: Array) -> Array:
    _, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2.0)[codes.reshape(-1)])


def _nearest(distinct: Array, values: Array) -> Array:
    after = np.clip(np.searchsorted(distinct, values), 0, len(distinct) - 1)
    before = np.maximum(after - 1, 0)
    nearer = np.abs(distinct[before] - values) < np.abs(distinct[after] - values)
    return np.asarray(np.where(nearer, before, after))


def _numbers(column: pa.ChunkedArray) -> Array:
    if pa.types.is_date32(column.type):
        column = column.cast(pa.int32())
    elif pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    return floats(column)


def _thinned(rows: Array, most: int) -> Array:
    return rows if len(rows) <= most else rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]
