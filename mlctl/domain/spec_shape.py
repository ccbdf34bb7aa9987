"""The form of a spec: known keys and the type of each value, checked all over before anything is said.

Walks the raw TOML beside the records of `domain.spec`. A value with a problem is left out, so that the
rest can still be judged.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import inspect

from mlctl.domain.nearest import nearest
from mlctl.domain.toml_lines import Path


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a spec.

    Attributes:
        path: of the key it is about.
        line: 1-based, or None where the text gives none.
        nearest: what was probably meant, or None.
        rests_on: key that this takes as given; nothing to say while that one is broken.
    """

    path: Path
    message: str
    nearest: str | None = None
    line: int | None = None
    rests_on: Path = ()

    @property
    def key(self) -> str:
        """The path as it would be written in TOML."""
        return dotted(self.path)


_LEFT_OUT = object()
_SCALAR_TEXT = {"positive", "test"}
"""Keys that hold text but where a number or truth value is a natural thing to write: class labels."""


def shaped(raw: dict[str, Any], shape: type[Any]) -> tuple[Any, list[Problem]]:
    """The record that raw TOML holds, and every problem of form in it.

    Where there are problems the record lacks what they are about (required texts are then ""), and is good
    only for finding more problems.
    """
    walk = _Walk()
    value = walk.value(raw, inspect.type_info(shape), ())
    return msgspec.convert(value, shape), walk.problems


def dotted(path: Path) -> str:
    """`model.demand.params`; keys that need quotes have them."""
    plain = msgspec.json.encode
    parts = [
        str(part)
        if isinstance(part, int) or part.replace("_", "").replace("-", "").isalnum()
        else plain(part).decode()
        for part in path
    ]
    return ".".join(parts)


class _Walk:
    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def report(self, path: Path, message: str, near: str | None = None) -> Any:
        self.problems.append(Problem(path=path, message=message, nearest=near))
        return _LEFT_OUT

    def value(self, raw: Any, type_: inspect.Type, path: Path) -> Any:  # noqa: PLR0911 - one line a kind of type
        if isinstance(type_, inspect.UnionType):
            return self.union(raw, type_, path)
        if isinstance(type_, inspect.StructType):
            return self.table(raw, type_, path)
        if isinstance(type_, inspect.DictType):
            return self.mapping(raw, type_, path)
        if isinstance(type_, inspect.ListType):
            return self.listing(raw, type_, path)
        if isinstance(type_, inspect.LiteralType):
            return self.choice(raw, type_, path)
        if isinstance(type_, inspect.StrType):
            return self.text(raw, path)
        return self.scalar(raw, type_, path)

    def union(self, raw: Any, type_: inspect.UnionType, path: Path) -> Any:
        options = [option for option in type_.types if not isinstance(option, inspect.NoneType)]
        if len(options) == 1:
            return self.value(raw, options[0], path)
        if isinstance(raw, str | int | float) and not isinstance(raw, bool):
            return raw
        return self.report(path, f"{_shown(path)} must be a number or text, not {kind_of(raw)}")

    def table(self, raw: Any, type_: inspect.StructType, path: Path) -> Any:
        if not isinstance(raw, dict):
            self.report(path, f"{_shown(path)} must be a table, not {kind_of(raw)}")
            raw = {}
        fields = {field.encode_name: field for field in type_.fields}
        result: dict[str, Any] = {}
        rest = fields.pop(str(getattr(type_.cls, "rest", None)), None)
        if rest is not None:
            others = {key: item for key, item in raw.items() if nearest(key, fields) is None}
            raw = {key: item for key, item in raw.items() if key not in others}
            result[rest.name] = self.value(others, rest.type, path)
        for key, item in raw.items():
            if key in fields:
                done = self.value(item, fields[key].type, (*path, key))
                if done is not _LEFT_OUT:
                    result[key] = done
            else:
                self.unknown(key, fields, path)
        for name, field in fields.items():
            if field.required and name not in result:
                if name not in raw:
                    self.report((*path, name), f"{_table(path)} lacks {name!r}")
                result[name] = _placeholder(field.type)
        return result

    def unknown(self, key: str, fields: Iterable[str], path: Path) -> None:
        near = nearest(key, fields)
        message = f"unknown key {key!r} in {_table(path)}"
        self.report(
            (*path, key), message if near else f"{message}; it knows {', '.join(sorted(fields))}", near
        )

    def mapping(self, raw: Any, type_: inspect.DictType, path: Path) -> Any:
        if not isinstance(raw, dict):
            return self.report(path, f"{_shown(path)} must be a table, not {kind_of(raw)}")
        done = {key: self.value(item, type_.value_type, (*path, key)) for key, item in raw.items()}
        return {key: item for key, item in done.items() if item is not _LEFT_OUT}

    def listing(self, raw: Any, type_: inspect.ListType, path: Path) -> Any:
        if not isinstance(raw, list):
            return self.report(
                path, f"{_shown(path)} must be a list such as [{_sample(type_)}], not {kind_of(raw)}"
            )
        done = [self.value(item, type_.item_type, (*path, index)) for index, item in enumerate(raw)]
        return [item for item in done if item is not _LEFT_OUT]

    def choice(self, raw: Any, type_: inspect.LiteralType, path: Path) -> Any:
        options = [str(value) for value in type_.values]
        if raw in type_.values:
            return raw
        near = nearest(raw, options) if isinstance(raw, str) else None
        known = " | ".join(options)
        return self.report(path, f"{_shown(path)} = {_value(raw)} is unknown; it is one of {known}", near)

    def text(self, raw: Any, path: Path) -> Any:
        if isinstance(raw, str):
            return raw
        if isinstance(raw, dt.date | dt.time):
            return raw.isoformat()
        if path and path[-1] in _SCALAR_TEXT and isinstance(raw, bool | int | float):
            return str(raw).lower() if isinstance(raw, bool) else str(raw)
        return self.report(path, f"{_shown(path)} must be text in quotes, not {kind_of(raw)}")

    def scalar(self, raw: Any, type_: inspect.Type, path: Path) -> Any:
        if isinstance(type_, inspect.BoolType):
            return (
                raw
                if isinstance(raw, bool)
                else self.report(path, f"{_shown(path)} must be true or false, not {kind_of(raw)}")
            )
        if isinstance(type_, inspect.IntType):
            good = isinstance(raw, int) and not isinstance(raw, bool)
            return (
                raw
                if good
                else self.report(path, f"{_shown(path)} must be a whole number, not {kind_of(raw)}")
            )
        if isinstance(type_, inspect.FloatType):
            good = isinstance(raw, int | float) and not isinstance(raw, bool)
            return raw if good else self.report(path, f"{_shown(path)} must be a number, not {kind_of(raw)}")
        return raw


def kind_of(raw: Any) -> str:
    """What a TOML value is, for a message."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    names = ((str, "text"), (int, "a number"), (float, "a number"), (list, "a list"), (dict, "a table"))
    return next((name for type_, name in names if isinstance(raw, type_)), "a date or time")


def _shown(path: Path) -> str:
    names = [part for part in path if isinstance(part, str)]
    return repr(names[-1]) if names else "the spec"


def _table(path: Path) -> str:
    return f"[{dotted(path)}]" if path else "the file's top level"


def _value(raw: Any) -> str:
    return repr(raw) if isinstance(raw, str) else kind_of(raw)


def _sample(type_: inspect.ListType) -> str:
    return "1, 2" if isinstance(type_.item_type, inspect.IntType) else '"a", "b"'


def _placeholder(type_: inspect.Type) -> Any:
    if isinstance(type_, inspect.StructType):
        return {field.encode_name: _placeholder(field.type) for field in type_.fields if field.required}
    return 0 if isinstance(type_, inspect.IntType | inspect.FloatType) else ""
