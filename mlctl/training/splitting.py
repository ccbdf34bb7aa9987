"""The rows of a run that is to be made: read, chosen and split as its recipe says, and told side by side."""

from typing import Any

from mlctl.datasets.tables import read_version
from mlctl.domain.split_words import counted
from mlctl.learning.features import check_excluded
from mlctl.learning.fit import Source
from mlctl.learning.rows import Array
from mlctl.learning.weights import weights_of
from mlctl.project.session import Session
from mlctl.statistics.metrics import effective_rows
from mlctl.training.learnt import Learnt, settle, stamp
from mlctl.training.recipe import Data, Recipe, require_data


def rows_of(session: Session, recipe: Recipe) -> Learnt:
    """The rows that a recipe would learn from and hold out.

    Raises:
        ColumnMissing, TrainingFailed: as `settle`. NotFound: the data has no version yet.
    """
    data = require_data(recipe)
    table = read_version(session, data.version)
    if data.version.path is not None:  # frozen answers hold what was asked with, and nothing to leave out
        check_excluded(table.column_names, recipe.spec, data.label)
    held = None if recipe.held is None else read_version(session, recipe.held.version)
    return settle(
        table,
        held,
        recipe.spec,
        source_of(session, recipe, data),
        held_label=recipe.held.label if recipe.held else "",
        window=recipe.window,
        apply_where=recipe.apply_where,
    )


def told(session: Session, recipe: Recipe) -> tuple[str, ...]:
    """Which rows a recipe would put on which side, in sentences; the rows are read for it."""
    return counted(noted(rows_of(session, recipe)))


def noted(learnt: Learnt) -> dict[str, Any]:
    """The split as a run's notes keep it: rows, first and last time of each side, and rows of neither."""
    between = 0 if learnt.split is None else int((~(learnt.split.train | learnt.split.test)).sum())
    split = learnt.spec.split
    return {
        "by": split.by,
        "folds": split.folds,
        "embargo": split.embargo if split.by == "time" else None,
        "train": _side(learnt.train.num_rows, learnt.train_moments),
        "test": _side(learnt.test.num_rows, learnt.test_moments),
        "between": between,
    }


def weight_noted(learnt: Learnt) -> dict[str, Any]:
    """The weights as a run's notes keep them: the column, and how many equal rows each side is worth."""
    sides = {"train": learnt.train, "test": learnt.test}
    told: dict[str, Any] = {"column": learnt.spec.weight}
    for name, table in sides.items():
        weights = weights_of(table, learnt.spec.weight)
        told[name] = None if weights is None else round(effective_rows(weights), 1)
    return told


def source_of(session: Session, recipe: Recipe, data: Data) -> Source:
    """Where the rows are and how they are named, from the data's part of the spec."""
    declared = recipe.source
    known_time = (declared.known_time,) if declared.known_time else ()
    return Source(
        label=data.label,
        root=session.root,
        key=tuple(declared.key),
        time=tuple(declared.time),
        context=tuple(dict.fromkeys((*declared.key, *declared.time, *known_time))),
    )


def _side(rows: int, moments: Array | None) -> dict[str, Any]:
    if moments is None or not rows:
        return {"rows": rows}
    return {"rows": rows, "first": stamp(moments.min()), "last": stamp(moments.max())}
