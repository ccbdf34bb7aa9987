"""What a request may say and how it is refused: JSON rows in, typed columns out.

Two ways lead to the same columns. The fast one decodes straight into a struct made for the signature.
Whatever it does not accept is read again by the patient one, which either finds the field at fault and says
so, or accepts what the fast one was too narrow for (3.0 for an integer, a date for a datetime).
"""

import json
import math
import types
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any

import msgspec
from msgspec.structs import astuple

from mlctl.domain.model import Input, Signature
from mlctl.domain.nearest import nearest

Columns = dict[str, list[Any]]
"""One list a column, all of one length: the form in which rows are encoded, answered and logged."""

_INTEGER_MIN, _INTEGER_MAX = -(2**63), 2**63 - 1
_LONGEST_INTEGER = 40
_FAST: dict[str, Any] = {
    "integer": Annotated[int, msgspec.Meta(ge=_INTEGER_MIN, le=_INTEGER_MAX)],
    "number": float,
    "boolean": bool,
    "string": str,
    "date": date,
    "datetime": datetime,
}
_WORDS = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "text",
    "date": 'a date such as "2026-11-23"',
    "datetime": 'a time such as "2026-11-23T17:00:00Z"',
}


class Refused(Exception):
    """A request that cannot be answered, with what the caller needs to mend it.

    Attributes:
        status: of HTTP.
        id: stable name of the reason.
        row: 0-based position in "rows", or None where no row is at fault.
        column: or None.
        rows: rows in the request as far as they could be counted, at least 1.
    """

    def __init__(
        self,
        status: int,
        id: str,  # noqa: A002 - the field's name on the wire
        message: str,
        *,
        row: int | None = None,
        column: str | None = None,
        rows: int = 1,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.id = id
        self.message = message
        self.row = row
        self.column = column
        self.rows = max(rows, 1)

    def body(self) -> bytes:
        """The JSON that the caller gets."""
        return error_body(self.id, self.message, row=self.row, column=self.column)


def error_body(id: str, message: str, *, row: int | None = None, column: str | None = None) -> bytes:  # noqa: A002 - the field's name on the wire
    """`{"error": {"id", "message", "row", "column"}}` as bytes."""
    return msgspec.json.encode({"error": {"id": id, "message": message, "row": row, "column": column}})


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What `POST /predict` answers; `probabilities` is null for a regression."""

    predictions: Sequence[Any]
    probabilities: Sequence[Sequence[float]] | None
    ids: Sequence[str]
    model: str
    version: int
    digest: str


class RowReader:
    """Reads the body of a request for one signature.

    Args:
        strict: refuse names that are neither feature nor context; otherwise they are ignored.
    """

    def __init__(self, signature: Signature, *, strict: bool) -> None:
        self.inputs: tuple[Input, ...] = signature.inputs
        self.strict = strict
        self.names: tuple[str, ...] = tuple(wanted.name for wanted in self.inputs)
        self._by_name = {wanted.name: wanted for wanted in self.inputs}
        self._texts = tuple(
            (wanted.name, _text_of_date if wanted.type == "date" else _text_of_datetime)
            for wanted in self.inputs
            if wanted.type in {"date", "datetime"}
        )
        row = _row_type(self.inputs, strict=strict)
        many: Any = types.GenericAlias(list, (row,))  # the row's type is made at run time
        rows = msgspec.defstruct("Rows", [("rows", many)], forbid_unknown_fields=strict, gc=False)
        self._one = msgspec.json.Decoder(row)
        self._many: msgspec.json.Decoder[Any] = msgspec.json.Decoder(rows)

    def read(self, body: bytes) -> Columns:
        """The columns of `{"rows": [...]}` or of one row, in the order of the signature.

        Dates become "YYYY-MM-DD", times "YYYY-MM-DDTHH:MM:SS" in UTC (with a fraction where it is not 0, cut
        to milliseconds, as tables hold them); what is missing and may be is None.

        Raises:
            Refused: 400 for what is no JSON, 422 for what does not fit the signature.
        """
        try:
            if b'"rows"' in body[:32]:
                values = zip(*map(astuple, self._many.decode(body).rows), strict=True)
                columns = dict(zip(self.names, map(list, values), strict=True))
            else:
                columns = {
                    name: [v] for name, v in zip(self.names, astuple(self._one.decode(body)), strict=True)
                }
            for name, text in self._texts:
                columns[name] = [None if value is None else text(value) for value in columns[name]]
        except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
            return self._read_patiently(body)
        return columns

    def check(self, rows: Sequence[Any]) -> Columns:
        """The columns of rows that are Python values already.

        Raises:
            Refused: 422, naming row and column.
        """
        columns: Columns = {name: [] for name in self.names}
        for position, row in enumerate(rows):
            try:
                self._check_row(row, columns)
            except Refused as refused:
                refused.row, refused.rows = position, max(len(rows), 1)
                raise
        return columns

    def _read_patiently(self, body: bytes) -> Columns:
        try:
            document = json.loads(body, parse_int=_parse_integer)
        except RecursionError:
            raise Refused(400, "bad_json", "the body is nested too deeply") from None
        except ValueError as error:
            raise Refused(400, "bad_json", f"the body is not JSON: {error}") from None
        return self.check(self._rows_of(document))

    def _rows_of(self, document: Any) -> Sequence[Any]:
        if not isinstance(document, dict):
            raise Refused(
                422, "not_rows", f'the body is {_kind(document)}; send {{"rows": [{{...}}]}} or one row'
            )
        rows = document.get("rows")
        if "rows" not in document or ("rows" in self._by_name and not isinstance(rows, list)):
            return [document]
        if not isinstance(rows, list):
            raise Refused(
                422, "not_rows", f'"rows" is {_kind(rows)}; it has to be a list of rows', column="rows"
            )
        for name in document:
            if name != "rows" and self.strict:
                raise Refused(
                    422,
                    "column_unknown",
                    f'{name!r} stands beside "rows"; only "rows" is known',
                    column=name,
                    rows=len(rows),
                )
        return rows

    def _check_row(self, row: Any, columns: Columns) -> None:
        if not isinstance(row, dict):
            raise Refused(
                422, "not_rows", f"the row is {_kind(row)}; it has to be an object of column and value"
            )
        if self.strict:
            self._check_names(row)
        for wanted in self.inputs:
            columns[wanted.name].append(self._value(wanted, row))

    def _check_names(self, row: Mapping[str, Any]) -> None:
        for name in row:
            if name not in self._by_name:
                near = nearest(name, self.names)
                guess = f"; did you mean {near!r}?" if near else f"; it knows {', '.join(self.names)}"
                raise Refused(
                    422, "column_unknown", f"the model knows no column {name!r}{guess}", column=name
                )

    def _value(self, wanted: Input, row: Mapping[str, Any]) -> Any:
        name = wanted.name
        if name not in row:
            if _optional(wanted):
                return None
            near = nearest(name, set(row) - set(self.names))
            guess = f"; did you mean it by {near!r}?" if near else ""
            raise Refused(422, "column_missing", f"column {name!r} is missing{guess}", column=name)
        value = row[name]
        if value is None:
            if _optional(wanted):
                return None
            why = "no row that the model learnt from lacked it"
            raise Refused(422, "null_refused", f"column {name!r} is null, and {why}", column=name)
        return _typed(wanted, value)


def _row_type(inputs: Sequence[Input], *, strict: bool) -> type[Any]:
    fields: list[Any] = []
    for position, wanted in enumerate(inputs):
        kind = _FAST[wanted.type]
        field = f"f{position}"
        fields.append((field, kind | None, None) if _optional(wanted) else (field, kind))
    rename = {f"f{position}": wanted.name for position, wanted in enumerate(inputs)}
    return msgspec.defstruct(
        "Row", fields, kw_only=True, rename=rename, forbid_unknown_fields=strict, gc=False
    )


def _optional(wanted: Input) -> bool:
    return wanted.nullable or wanted.role == "context"


def _typed(wanted: Input, value: Any) -> Any:
    checked = _CHECKS[wanted.type](value)
    if checked is None:
        raise _wrong(wanted, value)
    return checked


def _wrong(wanted: Input, value: Any) -> Refused:
    name = wanted.name
    if isinstance(value, float) and not math.isfinite(value):
        advice = "; send null for a missing value" if _optional(wanted) else ""
        shown = "is not finite" if math.isnan(value) else "is infinite or too large"
        return Refused(422, "not_finite", f"column {name!r} {shown} ({value}){advice}", column=name)
    if wanted.type == "integer" and isinstance(value, int) and not isinstance(value, bool):
        return Refused(422, "out_of_range", f"column {name!r} does not fit 64 bits ({value})", column=name)
    shown = repr(value) if len(repr(value)) <= _LONGEST_INTEGER else _kind(value)
    return Refused(
        422, "wrong_type", f"column {name!r} has to be {_WORDS[wanted.type]}, not {shown}", column=name
    )


def _integer(value: Any) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not _INTEGER_MIN <= value <= _INTEGER_MAX:
        return None
    return value


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _string(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        value.encode()
    except UnicodeEncodeError:
        return None
    return value


def _date(value: Any) -> str | None:
    try:
        return _text_of_date(msgspec.convert(value, date))
    except msgspec.ValidationError:
        return None


def _datetime(value: Any) -> str | None:
    for kind in (datetime, date):
        try:
            return _text_of_datetime(msgspec.convert(value, kind))
        except (msgspec.ValidationError, OverflowError):
            continue
    return None


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "string": _string,
    "date": _date,
    "datetime": _datetime,
}


def _text_of_date(value: date) -> str:
    return value.isoformat()


def _text_of_datetime(value: date) -> str:
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - stored times are UTC without a zone
    if value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return value.replace(microsecond=value.microsecond // 1000 * 1000).isoformat()


def _parse_integer(text: str) -> int | float:
    return (
        int(text) if len(text) <= _LONGEST_INTEGER else math.copysign(math.inf, -1 if text[0] == "-" else 1)
    )


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    names = {
        bool: "a boolean",
        int: "a number",
        float: "a number",
        str: "text",
        list: "a list",
        dict: "an object",
    }
    return names.get(type(value), type(value).__name__)
