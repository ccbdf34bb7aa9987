"""Which columns the estimator sees and how they become numbers; what a request row may carry."""

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mlctl.domain.errors import ColumnMissing, TrainingFailed
from mlctl.domain.metric import Terms
from mlctl.domain.model import FeatureEncoding, Input, Signature
from mlctl.domain.nearest import nearest
from mlctl.domain.spec import FeatureSpec, ModelSpec
from mlctl.learning.rows import Array
from mlctl.tabular.encode_table import MAX_CATEGORIES, fit_encodings
from mlctl.tabular.schema import type_name

_TREES = (
    "HistGradientBoosting",
    "GradientBoosting",
    "RandomForest",
    "ExtraTree",
    "DecisionTree",
    "AdaBoost",
    "Bagging",
    "LGBM",
    "XGB",
)
_SCALED = (
    "sklearn.linear_model",
    "sklearn.svm",
    "sklearn.neighbors",
    "sklearn.neural_network",
    "sklearn.kernel_ridge",
)


def feature_columns(
    columns: Sequence[str], spec: ModelSpec, context: Sequence[str], source: str
) -> list[tuple[str, FeatureSpec | None]]:
    """The columns that are features, in the table's order, each with what the spec says of it.

    Left out: the target, `exclude`, the weight, the column that splits, and context (key and time) unless
        `features` names it.

    Raises:
        ColumnMissing: `features` names a column that the table lacks.
        TrainingFailed: no column is left.
    """
    _check_names("[model.features]", spec.features, columns, source)
    left_out = {spec.target, spec.weight, *spec.exclude}
    silent = {*context, *([spec.split.column] if spec.split.column else [])}
    chosen = [
        (name, spec.features.get(name))
        for name in columns
        if name not in left_out and (name in spec.features or name not in silent)
    ]
    if not chosen:
        raise TrainingFailed(f"no column of {source} is left as a feature", "mlctl spec explain")
    return chosen


def check_excluded(columns: Sequence[str], spec: ModelSpec, source: str) -> None:
    """That what is left out is there to be left out: a misspelt name would let a leak in, unseen.

    Raises:
        ColumnMissing: `exclude` names a column that the table lacks.
    """
    _check_names("exclude", spec.exclude, columns, source)


def _check_names(where: str, names: Iterable[str], columns: Sequence[str], source: str) -> None:
    for name in names:
        if name not in columns:
            near = nearest(name, columns)
            guess = f"; did you mean {near!r}?" if near else ""
            raise ColumnMissing(
                f"{where} names {name!r}, which {source} does not have{guess}",
                f"mlctl data show {source}",
                column=name,
                nearest=near,
            )


def encodings_for(
    table: pa.Table,
    features: Sequence[tuple[str, FeatureSpec | None]],
    estimator: Any,
    source: str,
    weights: Array | None = None,
) -> tuple[FeatureEncoding, ...]:
    """Encodings fitted on the training rows, as the estimator takes them; of weighted rows, weighted.

    Raises:
        TrainingFailed: a feature has no value at all in these rows.
    """
    for name, _ in features:
        if table.column(name).null_count == table.num_rows:
            raise TrainingFailed(
                f"feature {name!r} has no value in the {table.num_rows} training rows of {source}; "
                f"leave it out with exclude = [{name!r}]",
                f"mlctl data show {source}",
                column=name,
            )
    kind = type(estimator)
    trees = kind.__name__.startswith(_TREES)
    return fit_encodings(
        table,
        features,
        allow_nan=takes_missing(estimator),
        native_categories=trees,
        scale=not trees and (kind.__module__.startswith(_SCALED) or hasattr(estimator, "make_module")),
        weights=weights,
    )


def takes_missing(estimator: Any) -> bool:
    """Whether the estimator says that it can learn from NaN."""
    try:
        return bool(estimator.__sklearn_tags__().input_tags.allow_nan)
    except AttributeError:
        return False


def signature_of(
    table: pa.Table,
    features: Sequence[str],
    context: Sequence[str],
    *,
    target: str,
    task: str,
    classes: tuple[str, ...],
    threshold: float | None = None,
    terms: Terms | None = None,
) -> Signature:
    """What the model accepts and answers, from the rows that it learnt from."""
    roles = {name: "context" for name in context if name in table.column_names} | dict.fromkeys(
        features, "feature"
    )
    ordered = [name for name in table.column_names if name in roles]
    return Signature(
        inputs=tuple(_input(table.column(name), name, roles[name]) for name in ordered),
        target=target,
        target_type=type_name(table.column(target).type),
        task=task,
        classes=classes,
        positive=classes[-1] if task == "binary" else None,
        example={name: _plain(table.column(name)[0].as_py()) for name in ordered},
        threshold=threshold,
        quantile=terms.quantile if terms is not None else None,
        costs=terms.costs if terms is not None else None,
    )


def _input(column: pa.ChunkedArray, name: str, role: str) -> Input:
    kind = type_name(column.type)
    categories: tuple[str, ...] = ()
    bounds: dict[str, Any] = {"min": None, "max": None}
    if role == "feature" and kind == "string" and pc.count_distinct(column).as_py() <= MAX_CATEGORIES:
        categories = tuple(sorted(value for value in pc.unique(column).to_pylist() if value is not None))
    if kind in {"integer", "number"}:
        bounds = pc.min_max(column).as_py()
    return Input(
        name=name,
        type=kind,
        role=role,
        nullable=column.null_count > 0,
        categories=categories,
        minimum=bounds["min"],
        maximum=bounds["max"],
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
