"""What a model answered, with the truth beside each row where it has come."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mlctl.domain.names import Names
from mlctl.domain.prediction import DIGEST, TIME, LabelBatch
from mlctl.domain.spec import ModelSpec
from mlctl.project.session import Session
from mlctl.tabular.join import positions_of
from mlctl.tabular.time import event_time


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """The prediction log of a model, joined with the labels that count.

    Attributes:
        table: one row a prediction: inputs, context, and mlctl's columns.
        time: event (or serving) time of each row, shape (rows,), datetime64[ms], NaT where unknown.
        digests: of the version that answered, shape (rows,), str.
        observed: the truth beside each row, null where it has not come.
        clock: "event" or "served".
    """

    table: pa.Table
    time: Any
    digests: Any
    observed: pa.ChunkedArray
    clock: str

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Which rows have a truth."""
        return np.asarray(pc.is_valid(self.observed), dtype=np.bool_)


def load_answered(session: Session, model: str, spec: ModelSpec, names: Names) -> Answered:
    """Everything that a model answered on this machine.

    Raises:
        Corrupt, Missing: a part of the log or of the labels is damaged.
        UnreadableTable: the event time of a served row cannot be read.
    """
    table = session.repository.predictions.table(
        model
    ).combine_chunks()  # one chunk: rows are taken many times
    data = session.spec.data.get(spec.data)
    columns = tuple(data.time) if data else ()
    clock = spec.monitor.time or ("event" if columns else "served")
    if clock == "event" and columns and set(columns) <= set(table.column_names):
        time = event_time(table, columns, f"the prediction log of {model}")
    elif clock == "event" and columns and table.num_rows:
        time = np.full(table.num_rows, np.datetime64("NaT", "ms"))
    else:
        clock = "served"
        time = _served(table)
    return Answered(
        table=table,
        time=time,
        digests=np.asarray(table.column(DIGEST).to_pylist() if table.num_rows else [], dtype=np.str_),
        observed=joined(table, session.repository.labels.table(model, names)),
        clock=clock,
    )


def _served(table: pa.Table) -> NDArray[Any]:
    if table.num_rows == 0:
        return np.array([], dtype="datetime64[ms]")
    return event_time(table, [TIME], "the prediction log")


def joined(table: pa.Table, batches: Sequence[tuple[LabelBatch, pa.Table]]) -> pa.ChunkedArray:
    """The truth beside each row; of several labels for a row the one that was added last.

    Batches with the same key are looked up together, in their order.
    """
    found: pa.ChunkedArray | None = None
    for (by, target), group in groupby(batches, key=lambda item: (item[0].by, item[0].target)):
        labels = pa.concat_tables([part for _batch, part in group], promote_options="permissive")
        if table.num_rows == 0 or not set(by) <= set(table.column_names):
            continue
        places = positions_of(table, labels, by)
        taken = labels.column(target).take(pa.array(places, mask=places < 0))
        if found is None:
            found = taken
        else:
            if found.type != taken.type:
                found, taken = (
                    found.cast(_wider(found.type, taken.type)),
                    taken.cast(_wider(found.type, taken.type)),
                )
            found = pc.if_else(pa.array(places >= 0), taken, found)
    if found is None:
        return pa.chunked_array([pa.nulls(table.num_rows)])
    return pa.chunked_array([found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found])


def _wider(first: pa.DataType, second: pa.DataType) -> pa.DataType:
    numeric = all(pa.types.is_integer(type_) or pa.types.is_floating(type_) for type_ in (first, second))
    return pa.float64() if numeric else pa.string()
