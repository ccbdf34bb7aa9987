"""A chart with the words beside it."""

from collections.abc import Sequence
from typing import Any

import msgspec

from mlctl.reporting.charts import Axes, chart


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A chart and its words; `kind` is "wide" where it takes the whole width."""

    title: str
    text: str
    svg: str
    kind: str = ""


def figure(
    title: str, text: str, axes: Axes, marks: Sequence[str], names: tuple[str, str], labels: Any = None
) -> Figure:
    """A chart of marks; wide where its axes are."""
    kind = "wide" if axes.width > Axes(x=axes.x, y=axes.y).width else ""
    return Figure(title=title, text=text, svg=chart(axes, marks, names, title, labels), kind=kind)
