"""Rows that stand on both sides of a split: equal in what the model sees, equal in the answer too, or by key.

By a 64-bit hash of each row, a few passes of numpy a column, then one look-up of the test rows among the
training rows: linear in the cells, about 0.1 s for a million rows, a second where most rows have a twin. Two
rows that differ share a hash with a probability of 1 in 10^19, which no count here can show.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlctl.learning.rows import Array, codes_of

_EXAMPLES = 3
_FEW = 3
_MOST_BITS = 24
_WHOLE = (pa.types.is_integer, pa.types.is_boolean, pa.types.is_timestamp)
_FIRST = np.uint64(0x9E3779B97F4A7C15)
_SECOND = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT = np.uint64(29)
_HALF = np.uint64(32)
_ABSENT = np.uint64(0xD6E8FEB86659FD93)


@dataclass(frozen=True, kw_only=True)
class Twins:
    """Test rows that stand among the training rows too.

    Attributes:
        rows: how many of `of` test rows.
        answered: how many of them have a twin with the same target.
        pairs: the first few: places of a training row and a test row in the table.
    """

    rows: int
    of: int
    answered: int
    pairs: tuple[tuple[int, int], ...]


def twins(table: pa.Table, train: Array, test: Array, names: Sequence[str], target: str) -> Twins:
    """Test rows that equal a training row in these columns. `train` and `test` are masks over the table.

    The columns that vary most come first; where these already tell all rows apart, the others are not read.
    """
    ordered = sorted(names, key=lambda name: not pa.types.is_floating(table.column(name).type))
    learnt, held = np.flatnonzero(train), np.flatnonzero(test)
    of = len(held)
    hashes = row_hashes(table, ordered[:_FEW])
    learnt, held = _both(hashes, learnt, held)
    if len(held) and ordered[_FEW:]:
        rows = np.concatenate([learnt, held])
        rest = table.select(ordered[_FEW:]).take(pa.array(rows))
        hashes[rows] = row_hashes(rest, ordered[_FEW:], hashes[rows])
        learnt, held = _both(hashes, learnt, held)
    if not len(held):
        return Twins(rows=0, of=of, answered=0, pairs=())
    rows = np.concatenate([learnt, held])
    whole = row_hashes(table.select([target]).take(pa.array(rows)), [target], hashes[rows])
    answered = _among(whole[len(learnt) :], whole[: len(learnt)])
    pairs = [(int(learnt[np.argmax(hashes[learnt] == hashes[row])]), int(row)) for row in held[:_EXAMPLES]]
    return Twins(rows=len(held), of=of, answered=int(answered.sum()), pairs=tuple(pairs))


def _both(hashes: Array, learnt: Array, held: Array) -> tuple[Array, Array]:
    """The rows of each side whose hash is on the other side too."""
    shift = np.uint64(64 - min(_MOST_BITS, len(learnt).bit_length() + 4))
    prefix = hashes >> shift
    held = held[_marked(prefix, learnt, shift)[prefix[held]]]
    learnt = learnt[_marked(prefix, held, shift)[prefix[learnt]]]
    held = held[_among(hashes[held], hashes[learnt])]
    return learnt[_among(hashes[learnt], hashes[held])], held


def _marked(prefix: Array, rows: Array, shift: np.uint64) -> Array:
    """Which prefixes these rows have: it leaves few rows to be looked up one by one."""
    marks = np.zeros(1 << (64 - int(shift)), dtype=bool)
    marks[prefix[rows]] = True
    return marks


def row_hashes(table: pa.Table, names: Sequence[str], start: Array | None = None) -> Array:
    """One uint64 a row over these columns, in this order; equal cells (or missing) give equal hashes."""
    hashes = np.zeros(table.num_rows, dtype=np.uint64) if start is None else start.copy()
    for name in names:
        hashes ^= _bits(table.column(name))
        hashes *= _FIRST
        hashes ^= hashes >> _SHIFT
        hashes *= _SECOND
        hashes ^= hashes >> _HALF
    return hashes


def _among(values: Array, known: Array) -> Array:
    return np.asarray(pc.is_in(pa.array(values), value_set=pa.array(known)).to_numpy(zero_copy_only=False))


def _bits(column: pa.ChunkedArray) -> Array:
    """A uint64 for each cell, equal for equal values of this column."""
    if pa.types.is_floating(column.type):
        values = np.asarray(column.cast(pa.float64()).fill_null(0.0).to_numpy()) + 0.0  # -0.0 is 0.0
        bits = values.view(np.uint64)
    elif any(kind(column.type) for kind in _WHOLE):
        bits = np.asarray(column.cast(pa.int64()).fill_null(0).to_numpy()).view(np.uint64)
    else:
        bits = codes_of(column).view(np.uint64)
    if not column.null_count:
        return bits
    return np.where(np.asarray(column.is_null().to_numpy()), _ABSENT, bits)
