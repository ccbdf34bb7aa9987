"""One paired bootstrap over many metrics at once: every cell is a metric of one model on some of the rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlctl.statistics.metrics import CENTRED, ORDERED, Answers, finish, ordered, row_statistics
from mlctl.statistics.resample import draws, unit_sums

Array = np.ndarray[Any, Any]

_CELLS = 8_000_000


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A metric of one model on the rows of a mask (shape (rows,) bool)."""

    metric: str
    answers: Answers
    mask: Array


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """A cell's value and its bootstrap.

    Attributes:
        value: NaN where undefined.
        samples: shape (samples,).
        units: that have rows of some weight in the cell.
    """

    value: float
    samples: Array
    units: int


def bootstrap(cells: Sequence[Cell], codes: Array, units: int, *, samples: int, seed: int) -> list[Sampled]:
    """Value and bootstrap of every cell, all on the same draws; what is drawn brings its rows' weights along.

    Args:
        cells: their answers and masks have the same rows.
        codes: shape (rows,), the unit of each row, 0 to units - 1.
        units: how many there are.
        samples: how often the units are drawn.
        seed: of the draws.
    """
    whole = np.ones((1, units))
    evaluate = _Evaluator(cells, codes, units)
    values = evaluate(whole)[0]
    drawn = [evaluate(chunk) for chunk in draws(units, samples, seed)] if units else []
    table = np.concatenate(drawn) if drawn else np.empty((0, len(cells)))
    for at, cell in enumerate(cells):
        if cell.metric in CENTRED and np.isfinite(table[:, at]).any():
            table[:, at] = np.maximum(table[:, at] + values[at] - np.nanmean(table[:, at]), 0.0)
    counts: dict[tuple[int, int], int] = {}
    for cell in cells:
        weights = cell.answers.weights
        if (id(cell.mask), id(weights)) not in counts:
            rows = cell.mask if weights is None else cell.mask & (weights > 0)
            counts[id(cell.mask), id(weights)] = len(np.unique(codes[rows]))
    return [
        Sampled(
            value=float(values[at]),
            samples=table[:, at],
            units=counts[id(cell.mask), id(cell.answers.weights)],
        )
        for at, cell in enumerate(cells)
    ]


class _Evaluator:
    """All cells for some counts of the units: (samples, units) to (samples, cells)."""

    def __init__(self, cells: Sequence[Cell], codes: Array, units: int) -> None:
        self._cells = cells
        self._codes = codes
        self._places: list[slice | None] = []
        blocks: list[Array] = []
        known: dict[tuple[str, int], Array] = {}
        at = 0
        for cell in cells:
            if cell.metric in ORDERED:
                self._places.append(None)
                continue
            key = (cell.metric, id(cell.answers))
            if key not in known:
                known[key] = row_statistics(cell.metric, cell.answers)
            rows = np.where(cell.mask[:, None], known[key], 0.0)
            blocks.append(unit_sums(rows, codes, units))
            self._places.append(slice(at, at + rows.shape[1]))
            at += rows.shape[1]
        self._sums = np.concatenate(blocks, axis=1) if blocks else np.empty((units, 0))
        self._ordered = [
            ordered(cell.metric, cell.answers, cell.mask) if cell.metric in ORDERED else None
            for cell in cells
        ]

    def __call__(self, counts: Array) -> Array:
        sums = counts @ self._sums
        result = np.empty((len(counts), len(self._cells)))
        for at, (cell, place, function) in enumerate(
            zip(self._cells, self._places, self._ordered, strict=True)
        ):
            if place is not None:
                result[:, at] = finish(cell.metric, sums[:, place])
            elif function is not None:
                result[:, at] = self._weighted(function, counts)
        return result

    def _weighted(self, function: Any, counts: Array) -> Array:
        size = max(1, _CELLS // max(1, len(self._codes)))
        parts = [
            function(counts[start : start + size][:, self._codes]) for start in range(0, len(counts), size)
        ]
        return np.concatenate(parts)
