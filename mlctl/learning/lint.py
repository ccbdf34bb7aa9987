"""What is suspicious of a split, found on its rows before anything is fitted.

Serial rows that a random split puts on both sides, rows that stand on both sides, columns that give the
answer away. Two of the three look at a bounded number of rows; equal rows take a few passes over all cells.
Together about 70 ms for 20,000 rows of a dozen columns, 0.15 s for 500,000, 0.2 s for a million.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from mlctl.domain.spec import ModelSpec
from mlctl.domain.values import text_of
from mlctl.learning.giveaway import giveaways
from mlctl.learning.rows import Array
from mlctl.learning.serial import is_serial, neighbours, newest_series, shifted_columns
from mlctl.learning.twins import Twins, twins
from mlctl.tabular.roles import time_columns
from mlctl.tabular.schema import type_name
from mlctl.tabular.time import event_time

_WORTH_TELLING = 0.01
"""Share of the test rows; fewer are told of only where some are equal in the target as well."""

MIXING = frozenset({"random", "stratified"})
"""Ways to split that put neighbours in time on both sides."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is suspicious.

    Attributes:
        kind: by which `split.accept` allows it.
        text: a sentence.
        columns: that it is about, to be left out where the kind is "giveaway".
        fatal: the measured error would be another one than that of the rows to come.
        minor: for the record alone: a few rows that are alike by chance.
    """

    kind: Literal["serial", "duplicates", "giveaway"]
    text: str
    columns: tuple[str, ...] = ()
    fatal: bool = False
    minor: bool = False


@dataclass(frozen=True, kw_only=True)
class Sides:
    """Rows on both sides of a split.

    Attributes:
        table: all of them; `train` and `test` are masks over it.
        moments: event times, or None where none are declared.
        features: the columns that the model sees.
        key: columns that name a row.
        classes: of the target; () for a number.
    """

    table: pa.Table
    train: Array
    test: Array
    moments: Array | None
    features: tuple[str, ...]
    key: tuple[str, ...]
    classes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Lint:
    """All findings, and the time columns by which serial rows were found (declared or not)."""

    findings: list[Finding] = field(default_factory=list)
    time: tuple[str, ...] = ()


def lint(sides: Sides, spec: ModelSpec, time: Sequence[str]) -> Lint:
    """Everything suspicious; `time` are the declared time columns."""
    with np.errstate(all="ignore"):  # numbers without end are no finding
        return _looked(sides, spec, time)


def _looked(sides: Sides, spec: ModelSpec, time: Sequence[str]) -> Lint:
    moments, columns = sides.moments, tuple(time)
    declared = moments is not None
    if moments is None and spec.split.by in MIXING:
        columns = time_columns(sides.table, spec.target)
        moments = event_time(sides.table, columns) if columns else None
    serial = [] if moments is None else _serial(sides, spec, moments, columns, declared=declared)
    shifted = {name for one in serial for name in one.columns}
    names = [name for name in sides.features if name not in shifted]
    telling = giveaways(sides.table, sides.train, sides.test, names, spec.target, sides.classes)
    found = [Finding(kind="giveaway", text=one.text, columns=one.columns) for one in telling]
    return Lint(findings=[*serial, *_doubles(sides, spec), *found], time=columns)


def _serial(
    sides: Sides, spec: ModelSpec, moments: Array, time: Sequence[str], *, declared: bool
) -> list[Finding]:
    """Columns with the target of other rows; a target that follows its neighbour, where rows are mixed.

    Of a time that only looks like one, the second is no proof: the rows may stand in another order.
    """
    table, target = sides.table, spec.target
    entities = [name for name in (*sides.key, *sides.features) if name not in time]
    series = newest_series(table, moments, list(dict.fromkeys(entities)))
    found = []
    mixed = spec.split.by in MIXING
    for one in shifted_columns(table, series, target, sides.features):
        if one.ahead:
            text = f"{one.text}: it is not known yet when the answer is asked for"
            found.append(Finding(kind="giveaway", text=text, columns=(one.column,)))
        elif mixed:
            found.append(Finding(kind="serial", text=one.text, columns=(one.column,), fatal=True))
    if mixed:
        strength, chance = neighbours(table, series, target, classes=bool(sides.classes))
        if is_serial(strength, chance):
            within = f" within {series.entity}" if series.entity else ""
            text = (
                f"{target} follows its neighbour in time{within}: serial correlation {strength:.2f} "
                f"(Wald and Wolfowitz 1943, p < 1e-6)"
            )
            found.append(Finding(kind="serial", text=text, fatal=declared))
    return found


def _doubles(sides: Sides, spec: ModelSpec) -> list[Finding]:
    """Rows on both sides: equal in all that the model sees, and of one key."""
    found = []
    equal = twins(sides.table, sides.train, sides.test, sides.features, spec.target)
    if equal.rows:
        text = (
            f"{_share(equal)} equal a training row in all {len(sides.features)} features, "
            f"{equal.answered:,} of them in {spec.target} too{_examples(sides, equal)}"
        )
        minor = not equal.answered and equal.rows < _WORTH_TELLING * equal.of
        found.append(Finding(kind="duplicates", text=text, minor=minor))
    if sides.key and not set(sides.key) <= set(sides.features):
        named = twins(sides.table, sides.train, sides.test, sides.key, spec.target)
        if named.rows:
            text = f"{_share(named)} have the key of a training row{_examples(sides, named)}"
            found.append(Finding(kind="duplicates", text=text))
    return found


def _share(found: Twins) -> str:
    return f"{found.rows:,} of {found.of:,} test rows ({found.rows / found.of:.1%})"


def _examples(sides: Sides, found: Twins) -> str:
    """The first pairs, by their keys, or by their places in the data where there is no key."""
    pairs = " · ".join(f"{_name(sides, first)} and {_name(sides, second)}" for first, second in found.pairs)
    return f" ({pairs})"


def _name(sides: Sides, row: int) -> str:
    if not sides.key:
        return f"row {row + 1}"
    cells: list[Any] = [sides.table.column(name)[row].as_py() for name in sides.key]
    return ", ".join(f"{name} {text_of(cell)}" for name, cell in zip(sides.key, cells, strict=True))


def joined(table: pa.Table, held: pa.Table) -> tuple[pa.Table, Array]:
    """Rows to learn from and, after them, those of a dataset of their own; and a mask of the former.

    Of columns that are of two kinds in the two, nothing can be said, and they are left out.
    """
    names = [name for name in table.column_names if name in held.column_names]
    alike = [name for name in names if _alike(table.column(name).type, held.column(name).type)]
    both = pa.concat_tables([table.select(alike), held.select(alike)], promote_options="permissive")
    return both, np.arange(both.num_rows) < table.num_rows


def _alike(first: pa.DataType, second: pa.DataType) -> bool:
    numeric = {"integer", "number"}
    return first == second or {type_name(first), type_name(second)} <= numeric
