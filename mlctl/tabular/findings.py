"""What a table says about learning one of its columns: roles, suspects, features, checks, slices."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct, structs

from mlctl.domain.errors import UsageError
from mlctl.domain.expression import literal, quoted
from mlctl.domain.spec import ReadSpec
from mlctl.domain.values import text_of
from mlctl.tabular import infer, roles, suspects
from mlctl.tabular.encode_table import feature_type
from mlctl.tabular.retype import with_nulls
from mlctl.tabular.schema import require_columns, type_name
from mlctl.tabular.target import Asked, Target, understood
from mlctl.tabular.time import event_time

ODD_NULLS = ("?", "NA", "N/A", "n/a", "#N/A", "NULL", "null", "NaN", "nan", "-")
"""Texts that a table most likely means as missing."""

_HINT = "mlctl init --help"
_SLICED = re.compile(
    r"sex|gender|race|ethnic|religion|nation|region|country|segment|channel|plan|tier|type", re.IGNORECASE
)
_MAX_SLICE_VALUES = 6
_MAX_CHECKS = 60
_MAX_CODES = 31
_MAX_SLICES = 8
_MIN_SLICE_ROWS = 20


class Feature(Struct, frozen=True, kw_only=True):
    """A column that the model sees, in words.

    Attributes:
        declared: what stands in `[model.….features]`, or "" where the inferred treatment is right.
        seen: its type and range, for a comment.
    """

    name: str
    seen: str
    declared: str = ""


class Findings(Struct, frozen=True, kw_only=True):
    """All that the table said.

    Attributes:
        excluded: column to evidence.
        slices: name to expression.
        test: (dataset name, path, how to read it), where the test rows are a file of their own.
        days: length of the table's time, or None without one.
        weight: column that says how much a row counts, where one was named.
        prose: every feature is long text, so that a linear model of its words is the natural choice.
    """

    rows: int
    columns: int
    target: Target
    key: tuple[str, ...]
    time: tuple[str, ...]
    excluded: dict[str, str]
    features: tuple[Feature, ...]
    checks: tuple[str, ...]
    slices: dict[str, str]
    read: ReadSpec
    test: tuple[str, str, ReadSpec] | None = None
    days: float | None = None
    prose: bool = False
    weight: str | None = None


def findings(
    table: pa.Table,
    target: str,
    path: str,
    read: ReadSpec,
    test: tuple[str, str, pa.Table] | None,
    wanted: Asked,
) -> Findings:
    """All that is decided from the table; the errors are those of `propose`."""
    nulls = [text for text in ODD_NULLS if text not in read.null and _holds(table, text, target)]
    read = structs.replace(read, null=[*read.null, *nulls])
    table = _cleaned(table, nulls, read)
    asked = understood(table, target, path, wanted)
    time = roles.time_columns(table, target)
    key = roles.key_columns(table, target, time)
    names = [name for name in table.column_names if name not in {target, *key, *time}]
    excluded = _excluded(table, names, asked, time)
    names = [name for name in names if name not in excluded]
    features = (*_time_features(table, time, names), *(_feature(table, name) for name in names))
    if not features:
        raise UsageError(
            f"{path}: no column is left to predict {target} from: "
            + "; ".join(f"{name} {why}" for name, why in excluded.items()),
            _HINT,
            excluded=excluded,
        )
    return Findings(
        rows=table.num_rows,
        columns=table.num_columns,
        target=asked,
        key=key,
        time=time,
        excluded={name: excluded[name] for name in table.column_names if name in excluded},
        features=features,
        checks=tuple(_checks(table, asked, key, time, names)),
        slices=_slices(_tested(table, time if test is None else ()), [*names, *time[1:]]),
        read=read,
        test=_test(table, asked, read, nulls, test),
        days=_days(table, time),
        prose=not time and all(feature_type(table.column(name)) == "text" for name in names),
    )


def _holds(table: pa.Table, text: str, target: str) -> bool:
    """Whether a text stands alone in a text column among others, so that it most likely means missing."""
    for name in table.column_names:
        column = table.column(name)
        if name != target and pa.types.is_string(column.type) and pc.any(pc.equal(column, text)).as_py():
            return True
    return False


def _cleaned(table: pa.Table, nulls: list[str], read: ReadSpec) -> pa.Table:
    """The table as it will be read with these further texts for missing."""
    if not nulls:
        return table
    arrays = []
    for name in table.column_names:
        column = table.column(name)
        if pa.types.is_string(column.type):
            column = with_nulls(column, nulls)
            column = column if name in read.types else infer.typed(column, read.decimal)
        arrays.append(column)
    return pa.table(arrays, names=table.column_names)


def _excluded(table: pa.Table, names: Sequence[str], target: Target, time: tuple[str, ...]) -> dict[str, str]:
    excluded = suspects.constant(table, names)

    def left() -> list[str]:
        return [name for name in names if name not in excluded]

    excluded |= suspects.leaks(table, target, left())
    excluded |= suspects.grown(table, left(), time)
    excluded |= suspects.foreign_dates(table, left())
    excluded |= roles.id_like(table, left())
    excluded |= suspects.copies(table, left())
    return excluded


def _feature(table: pa.Table, name: str) -> Feature:
    column = table.column(name)
    type_ = type_name(column.type)
    missing = f", {column.null_count:,} missing" if column.null_count else ""
    if type_ in {"integer", "number", "date", "datetime"}:
        bounds = pc.min_max(column).as_py()
        return Feature(name=name, seen=f"{type_} {_short(bounds['min'])} .. {_short(bounds['max'])}{missing}")
    distinct = pc.count_distinct(column, mode="only_valid").as_py()
    if type_ == "boolean":
        return Feature(name=name, seen=f"boolean{missing}")
    return Feature(name=name, seen=f"text, {distinct:,} values{missing}")


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _time_features(table: pa.Table, time: tuple[str, ...], names: Sequence[str]) -> list[Feature]:
    """What the model may see of the event time: parts that no other column holds already."""
    if not time:
        return []
    column = table.column(time[0])
    days = _days(table, time) or 0.0
    year, week, day = 365, 14, 1
    wanted = [
        *(["month"] if days >= year else []),
        *(["weekday"] if days >= week else []),
        *(["hour"] if type_name(column.type) == "datetime" and days >= day else []),
    ]
    readers = {"month": pc.month, "weekday": pc.day_of_week, "hour": pc.hour}
    parts = {}
    for part in wanted:
        values = pa.chunked_array([readers[part](column).combine_chunks()])
        beside = table.select(list(names)).append_column("mlctl.part", values)
        twins = suspects.copies(beside, [*names, "mlctl.part"])
        if "mlctl.part" not in twins and pc.count_distinct(values).as_py() > 1:
            parts[part] = True
    declared = [*parts, "day_number"]
    bounds = pc.min_max(column).as_py()
    shown = ", ".join(f'"{part}"' for part in declared)
    first = Feature(
        name=time[0],
        seen=f"{bounds['min']} .. {bounds['max']}; day_number is the trend",
        declared=f'{{ type = "datetime", parts = [{shown}] }}',
    )
    rest = [
        Feature(name=name, seen="part of the time, and a feature too", declared='{ type = "number" }')
        for name in time[1:]
    ]
    return [first, *rest]


def _days(table: pa.Table, time: tuple[str, ...]) -> float | None:
    if not time:
        return None
    bounds = pc.min_max(table.column(time[0]).cast(pa.timestamp("ms"))).as_py()
    return float((bounds["max"] - bounds["min"]).total_seconds() / 86400)


def _checks(
    table: pa.Table, target: Target, key: tuple[str, ...], time: tuple[str, ...], names: Sequence[str]
) -> list[str]:
    checks = [f"row_count(>= {max(1, table.num_rows // 2)})", f"not_null({quoted(target.name)})"]
    if target.counts and type_name(table.column(target.name).type) == "string":
        checks.append(
            f"in({quoted(target.name)}, {', '.join(literal(text) for text, _ in sorted(target.counts))})"
        )
    if key:
        checks.append(f"unique({', '.join(map(quoted, key))})")
    checks += [f"not_null({quoted(name)})" for name in time if name not in key]
    names = [*time[1:], *names]
    for name in names:
        column = table.column(name)
        type_ = type_name(column.type)
        if type_ in {"integer", "number"}:
            checks += _range_check(quoted(name), pc.min_max(column).as_py(), column)
    return checks[:_MAX_CHECKS]


def _range_check(name: str, bounds: dict[str, Any], column: pa.ChunkedArray) -> list[str]:
    """Codes stay in their range, shares between 0 and 1, amounts at or above 0; else nothing."""
    low, high = bounds["min"], bounds["max"]
    if low is None or low < 0:
        return []
    if type_name(column.type) == "number":
        return [f"between({name}, 0, 1)" if high <= 1 else f"{name} >= 0"]
    span = high - low + 1
    if span <= _MAX_CODES and pc.count_distinct(column, mode="only_valid").as_py() == span:
        return [f"between({name}, {low}, {high})"]
    return [f"{name} >= 0"]


def _tested(table: pa.Table, time: tuple[str, ...]) -> pa.Table:
    """The newest fifth of the rows, which a split by time tests on; all rows without a time."""
    if not time:
        return table
    order = np.argsort(event_time(table, time), kind="stable")
    return table.take(pa.array(order[-max(1, len(order) // 5) :]))


def _slices(table: pa.Table, names: Sequence[str]) -> dict[str, str]:
    """Slices by the values of columns with few: those that people ask about first, then the fewest."""
    candidates = []
    for position, name in enumerate(names):
        column = table.column(name)
        if type_name(column.type) not in {"string", "boolean", "integer"}:
            continue
        counts = pc.value_counts(pc.drop_null(column))
        least = max(_MIN_SLICE_ROWS, table.num_rows // 1000)
        values = (
            sorted((e["values"].as_py(), e["counts"].as_py()) for e in counts)
            if len(counts) <= _MAX_SLICE_VALUES
            else []
        )
        if len(values) > 1 and all(rows >= least for _, rows in values):
            is_text = type_name(column.type) != "integer"
            candidates.append((not _SLICED.search(name), not is_text, len(values), position, name, values))
    slices: dict[str, str] = {}
    for *_, name, values in sorted(candidates):
        if len(slices) + len(values) > _MAX_SLICES:
            continue
        for value, _ in values:
            slices[_slug(f"{name}_{text_of(value)}", slices)] = f"{quoted(name)} = {literal(value)}"
    return slices


def _slug(text: str, taken: dict[str, str]) -> str:
    slug = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "slice"
    number = 2
    result = slug
    while result in taken:
        result, number = f"{slug}_{number}", number + 1
    return result


def _test(
    table: pa.Table, target: Target, read: ReadSpec, nulls: list[str], test: tuple[str, str, pa.Table] | None
) -> tuple[str, str, ReadSpec] | None:
    """The test file's name, path and reading; labels spelt otherwise are read as the table spells them."""
    if test is None:
        return None
    name, path, rows = test
    rows = _cleaned(rows, nulls, read)
    require_columns(rows, table.column_names, path)
    if rows.column(target.name).null_count:
        understood(rows, target.name, path)
    if not target.counts:
        return name, path, read
    known = {text: text for text, _ in target.counts}
    loose = {_loose(text): text for text in known}
    other: dict[str, str] = {}
    for value in pc.unique(rows.column(target.name)).to_pylist():
        text = text_of(value) or ""
        if text in known:
            continue
        if _loose(text) not in loose:
            raise UsageError(
                f"{path}: {target.name} = {text!r} is no class of the table, which has "
                f"{', '.join(sorted(known))}",
                _HINT,
                column=target.name,
                value=text,
            )
        other[text] = loose[_loose(text)]
    if not other:
        return name, path, read
    replace = {
        **read.replace,
        target.name: {**read.replace.get(target.name, {}), **dict(sorted(other.items()))},
    }
    return name, path, structs.replace(read, replace=replace)


def _loose(text: str) -> str:
    """A label without what people spell differently: case, blanks, a full stop at the end."""
    return re.sub(r"[\s_-]+", " ", text.casefold()).strip().rstrip(".;,")
