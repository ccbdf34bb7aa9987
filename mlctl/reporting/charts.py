"""Charts as SVG text: no script, no font or file from elsewhere; colours are the page's variables.

A chart is drawn on `Axes` (data to pixels) by marks that each return SVG; `chart` puts them together.
"""

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from mlctl.domain.digits import digits
from mlctl.reporting.svg import drawing, element
from mlctl.statistics.curves import Band, density

WIDTH, HEIGHT = 460, 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 12, 12, 46
_TICKS = 5
_FEW_POINTS = 1200
_CELLS = (52, 36)

Array = np.ndarray[Any, Any]


class Axes(msgspec.Struct, frozen=True, kw_only=True):
    """The part of the data that a chart shows, and how large it is drawn.

    Attributes:
        x, y: first and last value.
        left: room for the labels of the y axis, in pixels.
    """

    x: tuple[float, float]
    y: tuple[float, float]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT

    def px(self, value: Any) -> Any:
        """Pixels from the left."""
        return self.left + (value - self.x[0]) / (self.x[1] - self.x[0]) * (self.width - self.left - _RIGHT)

    def py(self, value: Any) -> Any:
        """Pixels from the top."""
        return self.height - _BOTTOM - (value - self.y[0]) / (self.y[1] - self.y[0]) * self.tall

    @property
    def tall(self) -> float:
        """Height of the plotted area, in pixels."""
        return self.height - _TOP - _BOTTOM


def spanning(*values: Array, zero: bool = False, share: float = 0.0) -> tuple[float, float]:
    """A range that holds all values with a little room; `share` of them may be cut off at either end."""
    known = np.concatenate([np.asarray(one, dtype=np.float64).ravel() for one in values])
    known = known[np.isfinite(known)]
    if not len(known):
        return 0.0, 1.0
    low, high = (float(one) for one in np.quantile(known, [share, 1 - share]))
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    room = (high - low) * 0.04 or abs(high) * 0.1 or 1.0
    return low - room, high + room


def chart(axes: Axes, marks: Sequence[str], names: tuple[str, str], title: str, x_labels: Any = None) -> str:
    """One SVG: a grid with labels, then the marks in their order, cut at the edges.

    Args:
        axes: of the chart.
        marks: SVG.
        names: what stands at the x and the y axis.
        title: read by screen readers.
        x_labels: pairs of value and text in place of numbers.
    """
    right, bottom = axes.width - _RIGHT, axes.height - _BOTTOM
    grid = []
    for value in ticks(*axes.y):
        y = axes.py(value)
        grid.append(element("line", "grid", x1=axes.left, x2=right, y1=y, y2=y))
        grid.append(element("text", text=shown(value), x=axes.left - 7, y=y + 4, text_anchor="end"))
    for value, text in x_labels or [(value, shown(value)) for value in ticks(*axes.x)]:
        x = axes.px(value)
        grid.append(element("line", "grid", x1=x, x2=x, y1=_TOP, y2=bottom))
        grid.append(element("text", text=text, x=x, y=bottom + 17, text_anchor="middle"))
    across, along = (axes.left + right) / 2, (_TOP + bottom) / 2
    turned = f"translate(13 {along:.0f}) rotate(-90)"
    clip = "".join(sign for sign in title if sign.isalpha())
    return drawing(
        axes.width,
        axes.height,
        title,
        f'<clipPath id="{clip}">',
        element("rect", x=axes.left, y=_TOP, width=right - axes.left, height=axes.tall),
        "</clipPath>",
        *grid,
        f'<g clip-path="url(#{clip})">{"".join(marks)}</g>',
        element("text", "name", names[0], x=across, y=axes.height - 8, text_anchor="middle"),
        element("text", "name", names[1], transform=turned, text_anchor="middle"),
    )


def line(axes: Axes, x: Array, y: Array, kind: str) -> str:
    """A line through points; `kind` is a class of the page's style."""
    return element("polyline", kind, points=_points(axes.px(np.asarray(x)), axes.py(np.asarray(y))))


def shaded(axes: Axes, found: Band, kind: str) -> str:
    """The interval of a band as an area."""
    known = np.isfinite(found.low) & np.isfinite(found.high)
    x, low, high = axes.px(found.x[known]), axes.py(found.low[known]), axes.py(found.high[known])
    return element("polygon", kind, points=_points(np.r_[x, x[::-1]], np.r_[low, high[::-1]]))


def whiskers(axes: Axes, found: Band) -> str:
    """A dot a bin, and its interval as a bar through it."""
    bars = [
        element("line", "whisker", x1=x, x2=x, y1=axes.py(low), y2=axes.py(high))
        for x, low, high in zip(axes.px(found.x), found.low, found.high, strict=True)
        if np.isfinite(low) and np.isfinite(high)
    ]
    return "".join(bars) + dots(axes, found)


def dots(axes: Axes, found: Band) -> str:
    """A dot a bin, with its numbers as its title."""
    return "".join(
        element(
            "circle", "dot", title=f"{digits(float(mean))} ({rows:,} rows)", cx=x, cy=axes.py(mean), r=3.6
        )
        for x, mean, rows in zip(axes.px(found.x), found.mean, found.rows, strict=True)
    )


def cloud(axes: Axes, x: Array, y: Array) -> str:
    """Few points as points, many as a grid of cells, the darker the more; what is outside is left out."""
    if len(x) <= _FEW_POINTS:
        places = zip(axes.px(x), axes.py(y), strict=True)
        return "".join(element("circle", "point", cx=a, cy=b, r=2) for a, b in places)
    counts = density(x, y, axes.x, axes.y, _CELLS)
    dark = 0.08 + 0.92 * np.log1p(counts) / max(float(np.log1p(counts.max())), 1.0)
    wide, high = (axes.width - axes.left - _RIGHT) / _CELLS[0], axes.tall / _CELLS[1]
    size: dict[str, Any] = {"width": wide + 0.15, "height": high + 0.15}
    foot = axes.height - _BOTTOM
    return "".join(
        element(
            "rect", "cell", x=axes.left + i * wide, y=foot - (j + 1) * high, **size, fill_opacity=dark[i, j]
        )
        for i, j in zip(*np.nonzero(counts), strict=True)
    )


def columns(axes: Axes, counts: Array, edges: Array) -> str:
    """A histogram's columns."""
    foot, left, right = axes.py(axes.y[0]), axes.px(edges[:-1]), axes.px(edges[1:])
    return "".join(
        element("rect", "bar", x=a, width=max(b - a - 1, 0.5), y=top, height=max(foot - top, 0.0))
        for top, a, b in zip(axes.py(counts), left, right, strict=True)
    )


def _points(x: Array, y: Array) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))


def ticks(low: float, high: float) -> list[float]:
    """Round values within a range, about five."""
    step = 10 ** math.floor(math.log10((high - low) / _TICKS))
    step *= next(times for times in (1, 2, 2.5, 5, 10) if (high - low) / (step * times) <= _TICKS + 1)
    first = math.ceil(low / step - 1e-9)
    count = math.floor(high / step + 1e-9) - first + 1
    return [round((first + at) * step, 12) for at in range(count)]


def shown(value: float) -> str:
    """A number at an axis: `40k`, `0.25`."""
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            scale = 1e3 if sign == "k" else size
            return f"{value / scale:g}{sign}"
    return f"{value:g}".replace("-", "\u2212")
