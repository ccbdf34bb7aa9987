"""Pointers that are no plain text to us, through dvc's own YAML library: both then write the same bytes.

Loaded only for a pointer with comments, more keys than `dvc add` writes, several outs, or an odd name.
"""

import hashlib
import io
import json
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

_NOTES = frozenset(
    {
        "desc", "type", "labels", "meta", "locked", "frozen", "metric", "persist", "isexec", "size", "nfiles",
    }
)  # fmt: skip


def read_yaml(text: str) -> Any:
    """What a YAML document holds; None for an empty one.

    Raises:
        ValueError: it is no YAML.
    """
    try:
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise ValueError(str(error).replace("\n", " ")) from error


def yaml_text(document: Any) -> str:
    """A document as dvc writes it."""
    sink = io.StringIO()
    _writer().dump(document, sink)
    return sink.getvalue()


def with_out(text: str, out: dict[str, Any]) -> str:
    """The document with these values in its first out; comments, other keys and their order stay.

    A key of `out` that is None is taken away.
    """
    writer = _writer()
    document = writer.load(text)
    held = document["outs"][0]
    for key, value in out.items():
        if value is None:
            held.pop(key, None)
        else:
            held[key] = value
    if document.get("md5") and document.get("deps"):
        document["md5"] = stage_md5(document)
    sink = io.StringIO()
    writer.dump(document, sink)
    return sink.getvalue()


def stage_md5(document: Any) -> str:
    """The md5 of a stage as dvc 3 has it (stage/utils.py): of its JSON without what is a note or a count."""
    plain = {key: _bare(value) for key, value in document.items() if key not in {"md5", *_NOTES}}
    if plain.get("wdir") == ".":
        del plain["wdir"]
    text = json.dumps(plain, sort_keys=True)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(inner) for key, inner in value.items() if key not in _NOTES}
    if isinstance(value, list):
        return [_bare(inner) for inner in value]
    return value


def _writer() -> YAML:
    writer = YAML()
    writer.default_flow_style = False
    return writer
