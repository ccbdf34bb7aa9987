"""Which rows may be learnt from, what their targets are, and by what name each row goes."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlctl.domain.errors import TrainingFailed
from mlctl.domain.spec import ModelSpec
from mlctl.domain.values import text_of
from mlctl.tabular.expression import mask
from mlctl.tabular.join import key_text
from mlctl.tabular.schema import require_columns, type_name

Array = np.ndarray[Any, Any]

_MAX_CLASSES = 100
_FEW_NUMBERS = 2
_SEPARATOR = "\x1f"
_ABSENT = "\x00"


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows that count, how many were left out and why, and where each stood, from 0."""

    table: pa.Table
    dropped: dict[str, int]
    places: Array


def learnable(table: pa.Table, spec: ModelSpec, source: str, *, where: bool = True) -> Rows:
    """The rows that `train_where` chooses and whose target is known.

    With `where` False, `train_where` is left out.

    Raises:
        ColumnMissing: the table lacks the target.
        TrainingFailed: no row is left; the message says what took them.
    """
    require_columns(table, [spec.target], source)
    dropped: dict[str, int] = {}
    places = np.arange(table.num_rows)
    if where and spec.train_where is not None:
        chosen = mask(table, spec.train_where, source)
        dropped["train_where"] = int(len(chosen) - chosen.sum())
        table, places = table.filter(pa.array(chosen)), places[chosen]
    known = pc.is_valid(table.column(spec.target))
    if type_name(table.column(spec.target).type) == "number":
        known = pc.and_(known, pc.fill_null(pc.is_finite(table.column(spec.target)), fill_value=False))
    missing = table.num_rows - int(pc.sum(known).as_py() or 0)
    if missing:
        dropped["target missing"] = missing
        table, places = table.filter(known), places[np.asarray(known)]
    if table.num_rows == 0:
        parts = ", ".join(f"{why}: {count}" for why, count in dropped.items() if count)
        raise TrainingFailed(
            f"no row of {source} is left to learn from ({parts or 'it is empty'})",
            f"mlctl data show {source}",
            dropped=dropped,
        )
    dropped = {why: count for why, count in dropped.items() if count}
    return Rows(table=table, dropped=dropped, places=places)


def task_of(column: pa.ChunkedArray, spec: ModelSpec) -> str:
    """The declared task, or the one that the target suggests: text, booleans and two numbers are classes.

    A model of a quantile is one of "regression" by the form of its answers.
    """
    if spec.task is not None:
        return "regression" if spec.task == "quantile" else spec.task
    distinct = pc.count_distinct(column, mode="only_valid").as_py()
    if type_name(column.type) in {"string", "boolean"}:
        return "binary" if distinct <= _FEW_NUMBERS else "multiclass"
    if type_name(column.type) == "integer" and distinct <= _FEW_NUMBERS:
        return "binary"
    return "regression"


def classes_of(column: pa.ChunkedArray, spec: ModelSpec, task: str, source: str) -> tuple[str, ...]:
    """The class labels in order, () for a regression. Of two classes the positive one comes last.

    Raises:
        TrainingFailed: one class only, too many, or a positive class that does not occur.
    """
    if task == "regression":
        if type_name(column.type) not in {"integer", "number", "boolean"}:
            raise TrainingFailed(
                f"target {spec.target!r} of {source} holds {type_name(column.type)}, not numbers",
                "mlctl spec explain",
                target=spec.target,
            )
        return ()
    values = pc.unique(column).to_pylist()
    labels = sorted({str(text_of(value)) for value in values if value is not None}, key=_natural)
    if len(labels) < _FEW_NUMBERS:
        raise TrainingFailed(
            f"target {spec.target!r} of {source} has one class only: {labels[0]!r}",
            f"mlctl data show {source}",
            classes=labels,
        )
    if task == "binary" and len(labels) > _FEW_NUMBERS:
        raise TrainingFailed(
            f"target {spec.target!r} of {source} has {len(labels)} classes, but the task is binary",
            "mlctl spec explain",
            classes=labels[:20],
        )
    if len(labels) > _MAX_CLASSES:
        raise TrainingFailed(
            f"target {spec.target!r} of {source} has {len(labels)} classes; the most is {_MAX_CLASSES}",
            "mlctl spec explain",
        )
    if spec.positive is not None and spec.positive not in labels:
        raise TrainingFailed(
            f"positive = {spec.positive!r} is no class of {spec.target!r}; it has: {', '.join(labels)}",
            "mlctl spec explain",
            classes=labels,
        )
    if task == "binary" and spec.positive is not None:
        labels.sort(key=lambda label: label == spec.positive)
    return tuple(labels)


def targets(column: pa.ChunkedArray, classes: Sequence[str]) -> Array:
    """float64 targets of a regression; otherwise class indices, -1 for a label that is no class."""
    if not classes:
        return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    codes = {label: code for code, label in enumerate(classes)}
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    table = np.array(
        [codes.get(str(text_of(value)), -1) for value in encoded.dictionary.to_pylist()], dtype=np.int64
    )
    return np.asarray(table[np.asarray(encoded.indices)])


def codes_of(column: pa.ChunkedArray) -> Array:
    """An int64 for each cell, equal for equal values; -1 for a missing one. Of any size, in any chunks."""
    encoded = column.dictionary_encode().unify_dictionaries()
    parts = [np.asarray(chunk.indices.fill_null(-1)) for chunk in encoded.chunks]
    return np.concatenate(parts).astype(np.int64) if parts else np.empty(0, dtype=np.int64)


def identities(table: pa.Table, key: Sequence[str], cells: Sequence[str] = ()) -> list[str]:
    """One text a row: its key, or the digest of its cells where the data has no key.

    These are the cells of the named columns, or all. The target takes part only through the digest: two rows
    with equal cells are one row as far as learning goes.
    """
    names = list(key) or list(cells) or table.column_names
    require_columns(table, names, "the table")
    texts = [pc.fill_null(key_text(table.column(name)), _ABSENT) for name in names]
    joined: list[str] = (
        pc.binary_join_element_wise(*texts, _SEPARATOR).to_pylist()
        if len(texts) > 1
        else texts[0].to_pylist()
    )
    if key:
        return joined
    return [hashlib.blake2b(text.encode(), digest_size=16).hexdigest() for text in joined]


def _natural(label: str) -> tuple[int, float, str]:
    try:
        return (0, float(label), label)
    except ValueError:
        return (1, 0.0, label)
