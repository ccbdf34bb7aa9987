"""SVG elements as text."""

import html
from typing import Any


def element(name: str, kind: str = "", text: str = "", title: str = "", **attributes: Any) -> str:
    """One element; numbers to a tenth of a pixel, `text_anchor` is `text-anchor`.

    Args:
        name: of the element.
        kind: its class in the page's style.
        text: inside it, as plain text.
        title: shown where a pointer rests on it.
        **attributes: the others.
    """
    given = {"class": kind, **attributes} if kind else attributes
    told = "".join(f' {key.replace("_", "-")}="{_value(value)}"' for key, value in given.items())
    inside = html.escape(text) + (f"<title>{html.escape(title)}</title>" if title else "")
    return f"<{name}{told}>{inside}</{name}>" if inside else f"<{name}{told}/>"


def drawing(width: float, height: float, label: str, *marks: str) -> str:
    """A whole SVG of a size; screen readers read its label."""
    head = f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{html.escape(label)}">'
    return f"{head}{''.join(marks)}</svg>"


def _value(value: Any) -> str:
    if isinstance(value, str):
        return html.escape(value)
    return f"{float(value):.2f}".rstrip("0").rstrip(".")
