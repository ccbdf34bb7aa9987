"""What an evaluation tells of a candidate alone beside its metrics: groups, slope, weak slices, weights."""

from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from mlctl.domain.errors import UsageError
from mlctl.domain.evaluation import Fairness, SliceSearch
from mlctl.domain.model import ModelVersion
from mlctl.evidence.verdicts import Question
from mlctl.learning.evaluate import estimate
from mlctl.learning.fairness import fairness_of
from mlctl.learning.rows import Array
from mlctl.learning.slice_search import search_slices
from mlctl.statistics.bootstrap import Cell, bootstrap
from mlctl.statistics.metrics import Answers, effective_rows
from mlctl.statistics.resample import unit_codes
from mlctl.tabular.schema import require_columns


def groups_of(
    question: Question, table: pa.Table, name: str, candidate: Answers, labels: Array
) -> dict[str, Fairness]:
    """How alike groups are treated, by the columns that were asked for.

    Raises:
        UsageError: not two classes. ColumnMissing: the table, called `name`, lacks a column.
    """
    asked = question.spec.eval
    if not asked.fairness:
        return {}
    if question.version.signature.task != "binary":
        raise UsageError("eval.fairness is for two classes", "mlctl spec explain")
    require_columns(table, asked.fairness, name)
    return {
        column: fairness_of(
            column,
            table.column(column).to_pylist(),
            candidate,
            labels,
            samples=asked.samples,
            seed=question.seed,
        )
        for column in asked.fairness
    }


def slope_of(question: Question, candidate: Answers, labels: Array) -> dict[str, Any]:
    """Of a regression (of means) the slope of the truth on the answers, with its interval; a note."""
    if candidate.classes or candidate.terms.quantile is not None:
        return {}
    cell = Cell(metric="slope", answers=candidate, mask=np.ones(len(candidate.truth), dtype=bool))
    codes, units = unit_codes(labels)
    samples = question.spec.eval.samples
    found = estimate(bootstrap([cell], codes, units, samples=samples, seed=question.seed)[0])
    return {"slope": msgspec.to_builtins(found)}


def decision_noted(version: ModelVersion) -> dict[str, Any]:
    """From which probability on the positive class is answered, and how that was found; notes."""
    signature = version.signature
    found: dict[str, Any] = {}
    if signature.threshold is not None:
        found["threshold"] = [signature.positive, signature.threshold]
    if version.searched is not None:
        found["searched"] = msgspec.to_builtins(version.searched)
    return found


def weights_noted(column: str | None, weights: Array | None) -> dict[str, Any]:
    """By which column rows were weighed, and how many of equal weight would tell as much; a note."""
    if weights is None:
        return {}
    return {"weight": {"column": column, "effective_rows": round(effective_rows(weights), 1)}}


def weak_slices(question: Question, table: pa.Table, candidate: Answers, labels: Array) -> SliceSearch | None:
    """By the model's features and what comes with them; None where nobody looks at them."""
    if not question.spec.eval.search or question.run.purpose == "loop":
        return None
    signature, version = question.version.signature, question.version
    columns = [
        one.name
        for one in signature.inputs
        if one.name not in {*version.key, *version.time} and one.name in table.column_names
    ]
    return search_slices(table, columns, candidate, labels, question.seed)
