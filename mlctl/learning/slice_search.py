"""Slices that nobody declared and where a model does badly, corrected for looking at many of them.

Looked at are all values of features with few, quarters of numbers and missing cells, and pairs of these. The
family is fixed before any loss is looked at, so the correction holds: a slice counts only if its excess of
loss, in standard errors, is beyond what the worst of all slices reaches by chance, as in Westfall and Young,
"Resampling-based multiple testing" (1993). Chance deals the losses out anew where rows are drawn; for whole
units, and for rows of unequal weight, it takes Gaussian multipliers, as in Chernozhukov, Chetverikov and Kato
(Annals of Statistics 41, 2013): weights may go with the slices, and then dealing out would be wrong.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlctl.domain.evaluation import FoundSlice, SliceSearch
from mlctl.learning.rows import Array
from mlctl.statistics.metrics import Answers, effective_rows, pinball_loss
from mlctl.statistics.resample import unit_codes
from mlctl.tabular.expression import mask

_FEW_VALUES = 12
_LEAST_ROWS = 30
_LEAST_SHARE = 0.01
_MOST_ROWS = 12_000
_MOST_SLICES = 1_000
_LEAST_UNITS = 8
_DRAWS = 250
_CHUNK = 250
_LEVEL = 0.05
_TOLD = 5
_WORTH = 0.1
_ERRORS = 2.0
_TINY = 1e-15


def search_slices(
    table: pa.Table, columns: Sequence[str], answers: Answers, labels: Array, seed: int
) -> SliceSearch:
    """The worst slices, at most five that differ, each with its adjusted p-value (at most 0.05).

    Args:
        table: the scored rows.
        columns: features to cut by.
        answers: the model's.
        labels: the unit of each row; what is drawn together.
        seed: of the draws, and of the rows that are looked at where they are more than 12,000.
    """
    random = np.random.default_rng([seed, 7])
    loss, name = loss_of(answers)
    weights = answers.weights
    if table.num_rows > _MOST_ROWS:
        chosen = np.sort(random.choice(table.num_rows, _MOST_ROWS, replace=False))
        table, loss, labels = table.take(pa.array(chosen)), loss[chosen], labels[chosen]
        weights = None if weights is None else weights[chosen]
    codes, units = unit_codes(labels)
    family = list(_family(table, columns)) if units >= _LEAST_UNITS else []
    if not family or not np.ptp(loss):
        return SliceSearch(looked_at=len(family), loss=name)
    overall = _mean(loss, weights)
    excess = loss - overall if weights is None else (loss - overall) * weights
    alike = units == len(excess) and weights is None
    draw = _shuffled(excess, random) if alike else _multiplied(excess, codes, units, random)
    standing, worst = _tested(draw, [rows for _, rows in family])
    found: list[FoundSlice] = []
    told = np.zeros(len(loss), dtype=bool)
    for at in np.argsort(-standing):
        text, rows = family[at]
        p = (1 + int((worst >= standing[at]).sum())) / (1 + len(worst))
        if p > _LEVEL or len(found) == _TOLD:
            break
        inside = _mean(loss[rows], None if weights is None else weights[rows])
        fresh = rows & ~told
        if inside < overall * (1 + _WORTH) or fresh.sum() < _LEAST_ROWS:
            continue
        own = None if weights is None else weights[fresh]
        count = fresh.sum() if own is None else max(effective_rows(own), 1.0)
        by_luck = _ERRORS * float(np.std(loss[fresh])) / np.sqrt(count) if told.any() else 0.0
        if _mean(loss[fresh], own) < overall + max(_WORTH * overall, by_luck):
            continue  # it is bad by what it shares with one that is told already
        told |= rows
        found.append(
            FoundSlice(where=text, rows=int(rows.sum()), value=inside, overall=overall, p=round(p, 5))
        )
    return SliceSearch(looked_at=len(family), loss=name, found=tuple(found))


def loss_of(answers: Answers) -> tuple[Array, str]:
    """A loss for every row and what it is: the log loss with probabilities, errors or |errors| without."""
    if answers.terms.quantile is not None:
        return pinball_loss(answers.output - answers.truth, answers.terms.quantile), "pinball loss"
    if not answers.classes:
        return np.abs(answers.output - answers.truth), "absolute error"
    if answers.probabilities is None:
        return (answers.output != answers.truth).astype(np.float64), "share of wrong answers"
    own = np.where(answers.truth >= 0, answers.truth, 0).astype(np.int64)
    chance = answers.probabilities[np.arange(len(own)), own]
    return -np.log(np.clip(np.where(answers.truth >= 0, chance, 0.0), _TINY, 1.0)), "log loss"


class _Condition(msgspec.Struct, frozen=True):
    column: str
    text: str
    rows: Any


def _family(table: pa.Table, columns: Sequence[str]) -> Iterator[tuple[str, Array]]:
    """All slices that are large enough, single conditions first."""
    least = max(_LEAST_ROWS, int(table.num_rows * _LEAST_SHARE))

    def fits(rows: Array) -> bool:
        return bool(least <= rows.sum() <= table.num_rows - least)

    single = [one for name in columns for one in _conditions(table, name) if fits(one.rows)][:_MOST_SLICES]
    yield from ((one.text, one.rows) for one in single)
    room = _MOST_SLICES - len(single)
    pairs = (
        (f"{one.text} and {other.text}", both)
        for one, other in itertools.combinations(single, 2)
        if one.column != other.column and fits(both := one.rows & other.rows)
    )
    yield from itertools.islice(pairs, room)


def _conditions(table: pa.Table, name: str) -> Iterator[_Condition]:
    for text in _texts(table.column(name), f'"{name}"' if not name.isidentifier() else name):
        yield _Condition(name, text, mask(table, text))


def _texts(column: pa.ChunkedArray, name: str) -> Iterator[str]:
    if column.null_count:
        yield f"{name} is null"
    kind = column.type
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    if not (number or pa.types.is_string(kind) or pa.types.is_boolean(kind)):
        return
    counts = pc.value_counts(column.drop_null().combine_chunks())
    values = counts.field("values").to_pylist()
    if len(values) <= _FEW_VALUES or not number:
        often = sorted(
            zip(counts.field("counts").to_pylist(), map(_literal, values), strict=True), reverse=True
        )
        yield from (f"{name} = {text}" for _, text in often[:_FEW_VALUES])
        return
    cuts = np.unique(np.quantile(column.drop_null().to_numpy(), [0.25, 0.5, 0.75]))
    edges = [None, *(_literal(float(f"{cut:.4g}")) for cut in cuts), None]
    for low, high in itertools.pairwise(edges):
        parts = [*([f"{name} >= {low}"] if low else []), *([f"{name} < {high}"] if high else [])]
        if parts and low != high:
            yield " and ".join(parts)


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


def _mean(loss: Array, weights: Array | None) -> float:
    """0 where nothing counts."""
    if weights is None or weights.sum() > 0:
        return float(np.average(loss, weights=weights))
    return 0.0


def _tested(draw: "_Draw", slices: list[Array]) -> tuple[Array, Array]:
    """Each slice's excess of loss in standard errors, and the largest of all in each draw of chance."""
    standing = np.empty(len(slices))
    worst = np.full(_DRAWS, -np.inf)
    for start in range(0, len(slices), _CHUNK):
        part = np.stack(slices[start : start + _CHUNK])
        standing[start : start + len(part)], drawn = draw(part)
        np.maximum(worst, drawn.max(axis=0), out=worst)
    return standing, worst


_Draw = Callable[[Array], tuple[Array, Array]]
"""Of slices (shape (slices, rows) bool): what stands, and (slices, draws) of chance."""


def _shuffled(excess: Array, random: np.random.Generator) -> _Draw:
    """Rows are drawn one by one: losses are dealt out anew, which keeps their skew."""
    rows = len(excess)
    dealt = np.stack([excess, *(random.permutation(excess) for _ in range(_DRAWS))], axis=1)
    dealt = dealt.astype(np.float32)

    def draw(slices: Array) -> tuple[Array, Array]:
        count = slices.sum(axis=1)
        error = np.std(excess) * np.sqrt(count * (1 - count / rows))
        drawn = slices.astype(np.float32) @ dealt / error[:, None]
        return drawn[:, 0], drawn[:, 1:]

    return draw


def _multiplied(excess: Array, codes: Array, units: int, random: np.random.Generator) -> _Draw:
    """Whole units are drawn: what each adds to a slice is turned up, down and around."""
    turns = random.standard_normal((units, _DRAWS))

    def draw(slices: Array) -> tuple[Array, Array]:
        sums = np.stack([np.bincount(codes[rows], excess[rows], units) for rows in slices])
        total = sums.sum(axis=1)
        sums -= total[:, None] / units
        error = np.sqrt((sums**2).sum(axis=1))
        error[error == 0] = np.inf
        return total / error, sums @ turns / error[:, None]

    return draw
