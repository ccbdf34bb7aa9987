"""Metrics of a window, with intervals that resample whole days (hours, where days are fewer than three)."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mlctl.domain.evaluation import Estimate
from mlctl.domain.model import Signature
from mlctl.domain.prediction import OUTPUT, PROBABILITIES
from mlctl.domain.spec import ModelSpec
from mlctl.monitoring.columns import class_codes, numbers, probability_rows
from mlctl.statistics.bootstrap import Cell, bootstrap
from mlctl.statistics.intervals import interval
from mlctl.statistics.metrics import Answers
from mlctl.statistics.resample import unit_codes

SAMPLES = 400
SEED = 0

_USUAL = {
    "regression": ("mae", "bias"),
    "quantile": ("pinball", "coverage"),
    "binary": ("accuracy", "log_loss"),
    "multiclass": ("accuracy", "log_loss"),
}
_FEW_DAYS = 3


def metric_names(spec: ModelSpec, task: str) -> tuple[str, ...]:
    """The metrics to show: those of the spec's evaluation and limits, or the usual ones of the task."""
    named = spec.eval.metrics or list(_USUAL["quantile" if spec.quantile is not None else task])
    return tuple(dict.fromkeys([*named, *spec.monitor.performance]))


def estimates(
    table: pa.Table,
    observed: pa.ChunkedArray,
    time: NDArray[Any],
    signature: Signature,
    names: tuple[str, ...],
) -> dict[str, Estimate]:
    """The metrics of labelled rows.

    Args:
        table: with mlctl's output columns, every row answered.
        observed: the truth, no nulls.
        time: shape (rows,), datetime64[ms].
        signature: of the model that answered.
        names: of `domain.metric`.
    """
    answers = scored(table, observed, signature)
    days, units = unit_codes(time.astype("datetime64[D]").astype(np.int64))
    if units < _FEW_DAYS:
        days, units = unit_codes(time.astype("datetime64[h]").astype(np.int64))
    whole = np.ones(len(days), dtype=np.bool_)
    cells = [Cell(metric=name, answers=answers, mask=whole) for name in names]
    found = {}
    for name, sampled in zip(names, bootstrap(cells, days, units, samples=SAMPLES, seed=SEED), strict=True):
        low, high = interval(sampled.samples, units)
        value = sampled.value if np.isfinite(sampled.value) else None
        found[name] = Estimate(value=value, low=low, high=high)
    return found


def scored(table: pa.Table, observed: pa.ChunkedArray, signature: Signature) -> Answers:
    """Answered rows and their truth as metrics take them; an unknown class has the code -1."""
    if signature.task == "regression":
        output = numbers(table.column(OUTPUT))
        return Answers(truth=numbers(observed), output=output, terms=signature.terms)
    classes = signature.classes
    probabilities = None
    if PROBABILITIES in table.column_names:
        given = probability_rows(table.column(PROBABILITIES), len(classes))
        probabilities = given if not np.isnan(given).any() else None
    return Answers(
        truth=class_codes(observed, classes),
        output=class_codes(table.column(OUTPUT), classes),
        probabilities=probabilities,
        classes=len(classes),
        terms=signature.terms,
        positive=classes.index(signature.positive) if signature.positive in classes else len(classes) - 1,
    )
