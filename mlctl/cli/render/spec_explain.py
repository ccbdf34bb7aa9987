"""The whole spec as TOML, each default marked: what `mlctl.toml` would say if it said everything."""

import json
import re
from typing import Any

from rich.console import Console

from mlctl.domain.requests.spec_explain import SpecExplainResult

_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")
_COLUMN = 44


def render(data: SpecExplainResult, out: Console) -> None:
    """Write the spec."""
    for line in lines(data.spec, set(data.given)):
        out.print(line, soft_wrap=True)
        for model, told in data.splits.items():
            if line == f"[model.{_key(model)}.split]":
                out.print("\n".join(f"# {sentence}" for sentence in told), soft_wrap=True)


def lines(spec: dict[str, Any], given: set[str]) -> list[str]:
    """The spec as lines of TOML; keys without a value are comments."""
    return _table(spec, (), given)


def _table(table: dict[str, Any], path: tuple[str, ...], given: set[str]) -> list[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, dict) or not value}
    tables = {key: value for key, value in table.items() if key not in plain}
    written: list[str] = []
    if path and (plain or not tables):
        written += ["", f"[{'.'.join(_key(part) for part in path)}]"]
    for key, value in plain.items():
        assignment = f"# {key} =" if value is None else f"{_key(key)} = {_value(value)}"
        dotted = ".".join((*path, key))
        note = "" if dotted in given else "# inferred or off" if value is None else "# default"
        written.append(f"{assignment:<{_COLUMN}}  {note}".rstrip() if note else assignment)
    for key, value in tables.items():
        written += _table(value, (*path, key), given)
    return written


def _key(key: str) -> str:
    return key if _BARE.match(key) else json.dumps(key, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + " }"
            if value
            else "{}"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)
