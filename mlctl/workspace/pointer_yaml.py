"""Pointers that are no plain text to us, through dvc's own YAML library: both then write the same bytes.

Loaded only for a pointer with comments, more keys than `dvc add` writes, several outs, or an odd name.
"""

import io
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError


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
    sink = io.StringIO()
    writer.dump(document, sink)
    return sink.getvalue()


def _writer() -> YAML:
    writer = YAML()
    writer.default_flow_style = False
    return writer
