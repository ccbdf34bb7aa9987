"""Two fits, or a fit and its record, held against each other place by place: which is the first to differ."""

import io
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mlctl.domain.model import FeatureEncoding
from mlctl.domain.prediction import OUTPUT
from mlctl.domain.replay import Replayed
from mlctl.domain.requests.reproduce import Compared, Place

_SHOWN = 3


def same(one: Replayed, other: Replayed) -> bool:
    """Whether all is equal, bit for bit."""
    return msgspec.structs.replace(one, kernels={}) == msgspec.structs.replace(other, kernels={})


def compared(before: Replayed, now: Replayed, answers: str = "") -> tuple[Compared, ...]:
    """All places in order.

    Args:
        before: the record.
        now: the fit.
        answers: what is known of answers that differ.
    """
    if now.error is not None:
        return (Compared(place="fit", equal=False, told=now.error),)
    rows = _differing(before.rows, now.rows)
    encodings = _encodings(before.encodings, now.encodings)
    parameters = _differing(before.parameters, now.parameters)
    files = _files(before.files, now.files)
    metrics = _differing(before.metrics, now.metrics)
    alike = before.answers == now.answers
    held = before.rows.get("test") or before.rows.get("train")
    return (
        _place("rows", rows, f"{before.rows.get('train')} rows learnt from"),
        _place("encodings", encodings, f"{len(before.encodings)} columns"),
        _place("parameters", parameters, f"{len(before.parameters)} of the estimator"),
        _place("files", files, ", ".join(f"{name} {sha[:12]}" for name, sha in before.files.items())),
        Compared(place="answers", equal=alike, told=f"to {held} rows" if alike else answers or "differ"),
        _place("metrics", metrics, ", ".join(name for name in before.metrics if "." not in name)),
    )


def first_difference(places: tuple[Compared, ...]) -> Place | None:
    """The first place that differs."""
    return next((one.place for one in places if not one.equal), None)


def answers_differ(before: bytes, now: bytes) -> str:
    """How the answers of two reference tables differ, in words."""
    try:
        old, new = (pq.read_table(io.BytesIO(data)) for data in (before, now))
    except pa.ArrowInvalid:
        return "the recorded answers are damaged"
    if old.num_rows != new.num_rows or not old.drop_columns([OUTPUT]).schema.equals(
        new.drop_columns([OUTPUT]).schema
    ):
        return f"{old.num_rows} rows before, {new.num_rows} now"
    one, other = old.column(OUTPUT), new.column(OUTPUT)
    count = pc.sum(pc.fill_null(pc.not_equal(one, other), fill_value=True)).as_py() or 0
    if not count or one.type != other.type:
        return "probabilities differ" if one.type == other.type else "answers of another type"
    if not pa.types.is_floating(one.type):
        return f"{count} of {old.num_rows} differ"
    gap = pc.max(pc.abs(pc.subtract(one, other))).as_py()
    return f"{count} of {old.num_rows} differ, by at most {gap:.3g}"


def _place(place: Place, differing: str, told: str) -> Compared:
    return Compared(place=place, equal=not differing, told=differing or told)


def _differing(before: dict[str, Any], now: dict[str, Any]) -> str:
    names = [name for name in dict.fromkeys((*before, *now)) if before.get(name) != now.get(name)]
    said = [f"{name} {_short(before.get(name))} -> {_short(now.get(name))}" for name in names[:_SHOWN]]
    return ", ".join(said + ([f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else []))


def _encodings(before: tuple[FeatureEncoding, ...], now: tuple[FeatureEncoding, ...]) -> str:
    names = [one.column for one in before], [one.column for one in now]
    if names[0] != names[1]:
        return f"columns {', '.join(names[0])} -> {', '.join(names[1])}"
    return ", ".join(one.column for one, other in zip(before, now, strict=True) if one != other)


def _files(before: dict[str, str], now: dict[str, str]) -> str:
    names = [name for name in dict.fromkeys((*before, *now)) if before.get(name) != now.get(name)]
    return ", ".join(
        f"{name} {before.get(name, 'absent')[:12]} -> {now.get(name, 'absent')[:12]}" for name in names
    )


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."  # noqa: PLR2004 - a line stays a line
