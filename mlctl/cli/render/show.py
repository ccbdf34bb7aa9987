"""One thing as text: a model version and a run as a tree on one screen.

With -v, and for everything else, all that is kept: names and values, nested ones indented.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from mlctl.cli.render.show_tree import model_tree, run_tree, unfinished_tree
from mlctl.cli.settings import current
from mlctl.domain.requests.show import ShowResult

_INLINE = 60
_LISTED = 20
_TREES = {"model": model_tree, "run": run_tree, "unfinished": unfinished_tree}


def render(data: ShowResult, out: Console) -> None:
    """Print what matters of a model or run; otherwise a title, the record and what belongs with it."""
    short_form = _TREES.get(data.kind)
    if short_form is not None and not current().verbose:
        for line in short_form(data.title, data.digest, data.record, data.related):
            out.print(line, soft_wrap=True)
        return
    out.print(data.title, style="bold", soft_wrap=True)
    if data.digest:
        out.print(f"  digest: {data.digest}", soft_wrap=True)
    _mapping(data.record, out, "  ")
    related = {key: value for key, value in data.related.items() if value not in (None, [], {})}
    if related:
        out.print("related", style="bold")
        _mapping(related, out, "  ")


def _mapping(values: Mapping[str, Any], out: Console, indent: str) -> None:
    for key, value in values.items():
        if value is None or (isinstance(value, (dict, list)) and not value):
            continue
        if isinstance(value, Mapping) and len(str(value)) > _INLINE:
            out.print(f"{indent}{key}:", soft_wrap=True)
            _mapping(value, out, indent + "  ")
        elif isinstance(value, Sequence) and not isinstance(value, str) and len(str(value)) > _INLINE:
            _sequence(key, value, out, indent)
        else:
            out.print(f"{indent}{key}: {_inline(value)}", soft_wrap=True)


def _sequence(key: str, values: Sequence[Any], out: Console, indent: str) -> None:
    out.print(f"{indent}{key}: ({len(values)})", soft_wrap=True)
    for value in values[:_LISTED]:
        out.print(f"{indent}  - {_inline(value)}", soft_wrap=True)
    if len(values) > _LISTED:
        out.print(f"{indent}  ... and {len(values) - _LISTED} more; --json shows all", soft_wrap=True)


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(
            f"{key} {_inline(item)}" for key, item in value.items() if item not in (None, [], {}, "")
        )
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
