"""The spec as mlctl understands it: every key, whether the file sets it or it is a default."""

import tomllib
from collections.abc import Iterator
from typing import Any

import msgspec

from mlctl.domain.errors import NotFound
from mlctl.domain.nearest import nearest
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.spec_explain import SpecExplainRequest, SpecExplainResult
from mlctl.verbs.session import SPEC_FILE, Session


def spec_explain(session: Session, request: SpecExplainRequest) -> Outcome[SpecExplainResult]:
    """Every key of the spec with its value.

    Raises:
        NotFound: no spec, or the spec has no such key.
        SpecInvalid: with every problem in it.
    """
    whole = msgspec.to_builtins(session.spec)
    given = set(_paths(tomllib.loads((session.root / SPEC_FILE).read_text(encoding="utf-8"))))
    prefix = request.key
    if prefix is not None:
        known = list(_paths(whole, folders=True))
        if prefix not in known:
            near = nearest(prefix, known)
            hint = f"mlctl spec explain {near}" if near else "mlctl spec explain"
            guess = f"; did you mean {near!r}?" if near else ""
            raise NotFound(f"the spec has no key {prefix!r}{guess}", hint, key=prefix, nearest=near)
        whole = _only(whole, prefix.split("."))
        given = {path for path in given if path == prefix or path.startswith(f"{prefix}.")}
    return Outcome(data=SpecExplainResult(file=SPEC_FILE, spec=whole, given=tuple(sorted(given))))


def _paths(value: Any, prefix: str = "", *, folders: bool = False) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            path = f"{prefix}.{key}" if prefix else str(key)
            if folders and isinstance(item, dict):
                yield path
            yield from _paths(item, path, folders=folders)
    elif prefix:
        yield prefix


def _only(value: dict[str, Any], path: list[str]) -> dict[str, Any]:
    head, *rest = path
    return {head: _only(value[head], rest) if rest else value[head]}
