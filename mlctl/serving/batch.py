"""Batch prediction: tables through the plan that serves, row for row the same answers.

Where a request is refused field by field, a table is refused cell by cell, with the number of the row.
"""

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlctl.domain.errors import PredictionFailed
from mlctl.domain.model import Input
from mlctl.domain.spec import ReadSpec
from mlctl.serving.plan import Answers, Plan
from mlctl.tabular.encode_table import matrix_from_table
from mlctl.tabular.infer import cast, first_misfit
from mlctl.tabular.retype import replaced, with_nulls
from mlctl.tabular.schema import column_missing

PREDICTION = "prediction"
PROBABILITY = "probability_"
"""Prefix of a class's probability."""
ROW = "row"
"""Column with the 1-based number of the row, where the table has no key."""


class BatchPredictor:
    """Answers batch after batch of one table.

    Args:
        source: what the table is called in messages.
        read: how texts are read ("?" for missing, replacements); names and types come from the model.
    """

    def __init__(self, plan: Plan, source: str, read: ReadSpec | None = None) -> None:
        self._plan = plan
        self._source = source
        self._read = read or ReadSpec()
        self._inputs = plan.signature.inputs
        self._context = tuple(wanted.name for wanted in self._inputs if wanted.role == "context")
        self.rows = 0

    def predict(self, table: pa.Table) -> pa.Table:
        """The key columns of a batch beside its predictions and, for classes, their probabilities.

        Raises:
            ColumnMissing: the table lacks a feature.
            PredictionFailed: a cell does not fit, or the model failed; the message names the row.
        """
        known = self._conformed(table)
        answers = self._plan.of_matrix(matrix_from_table(self._plan.encoder, known))
        columns: dict[str, Any] = {
            name: known.column(name) for name in self._context if name in known.column_names
        }
        if not columns:
            columns[ROW] = pa.array(np.arange(self.rows + 1, self.rows + table.num_rows + 1))
        columns |= self._outputs(answers)
        self.rows += table.num_rows
        return pa.table(columns)

    def _outputs(self, answers: Answers) -> dict[str, Any]:
        found: dict[str, Any] = {PREDICTION: pa.array(answers.outputs)}
        if answers.probabilities is not None:
            chances = np.asarray(answers.probabilities, dtype=np.float64).reshape(len(answers.outputs), -1)
            for position, label in enumerate(self._plan.signature.classes):
                found[PROBABILITY + label] = pa.array(chances[:, position])
        return found

    def _conformed(self, table: pa.Table) -> pa.Table:
        """The columns of the signature, typed and checked as a request's would be."""
        found: dict[str, pa.ChunkedArray] = {}
        for wanted in self._inputs:
            if wanted.name in table.column_names:
                column = self._typed(table.column(wanted.name), wanted)
                self._check(column, wanted)
                found[wanted.name] = column
            elif wanted.role == "feature" and not wanted.nullable:
                raise column_missing(wanted.name, table.column_names, self._source)
            elif wanted.role == "feature":
                found[wanted.name] = pa.chunked_array([pa.nulls(table.num_rows, pa.string())])
        return pa.table(found)

    def _typed(self, column: pa.ChunkedArray, wanted: Input) -> pa.ChunkedArray:
        if not pa.types.is_string(column.type):
            return _whole_numbers(column) if wanted.type == "integer" else column
        read = self._read
        column = replaced(with_nulls(column, read.null), read.replace.get(wanted.name, {}))
        kinds = {"integer": ("integer", "number"), "datetime": ("datetime", "date")}.get(
            wanted.type, (wanted.type,)
        )
        for kind in kinds:
            done = cast(column, kind, read.decimal)
            if done is not None:
                return _whole_numbers(done) if wanted.type == "integer" else done
        row, text = first_misfit(column, kinds[-1], read.decimal)
        raise self._bad_cell(row, wanted, f"{text!r} is no {wanted.type}")

    def _check(self, column: pa.ChunkedArray, wanted: Input) -> None:
        if wanted.role == "context":
            return
        if (
            wanted.type == "integer"
            and not pa.types.is_integer(column.type)
            and pa.types.is_floating(column.type)
        ):
            row = _first(pc.not_equal(pc.floor(column), column))
            raise self._bad_cell(row, wanted, f"{column[row].as_py()!r} is no integer")
        if pa.types.is_floating(column.type):
            infinite = pc.is_inf(column)
            if pc.any(infinite).as_py():
                raise self._bad_cell(_first(infinite), wanted, "infinity is no number")
        if column.null_count and not wanted.nullable:
            why = "is missing, and no row that the model learnt from lacked it"
            raise self._bad_cell(_first(pc.is_null(column)), wanted, why)

    def _bad_cell(self, row: int, wanted: Input, why: str) -> PredictionFailed:
        number = self.rows + row + 1
        return PredictionFailed(
            f"{self._source}, row {number}: {wanted.name} {why if why.startswith('is ') else '= ' + why}",
            "mlctl predict --help",
            path=self._source,
            row=number,
            column=wanted.name,
        )


def _whole_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Floats without fractions as integers (3.0 is 3); anything else as it is."""
    if not pa.types.is_floating(column.type):
        return column
    column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    largest = pc.max(pc.abs(column)).as_py()
    if largest is not None and (not math.isfinite(largest) or largest >= 2.0**63):
        return column
    whole = pc.all(pc.equal(pc.floor(column), column)).as_py()
    return column if whole is False else column.cast(pa.int64())


def _first(flags: pa.ChunkedArray) -> int:
    """The position of the first true value."""
    return int(pc.index(pc.fill_null(flags, fill_value=False), pa.scalar(value=True)).as_py())
