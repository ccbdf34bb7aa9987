"""Metrics by slice as bars with intervals, one chart a metric."""

from collections.abc import Iterator

from mlctl.domain.digits import digits
from mlctl.domain.evaluation import Estimate
from mlctl.domain.requests.eval import EvalResult
from mlctl.reporting.charts import shown, ticks
from mlctl.reporting.figure import Figure
from mlctl.reporting.svg import drawing, element

_MOST = 4
_MOST_SLICES = 30
_LONGEST = 22
_LINE, _LEFT, _RIGHT, _WIDTH, _TOP, _FOOT = 26, 150, 78, 460, 6, 30


def forests(data: EvalResult) -> Iterator[Figure]:
    """The first metrics, each with all rows and every declared slice; nothing where none is declared."""
    if not data.slices:
        return
    for metric in list(data.metrics)[:_MOST]:
        lines = [("all rows", data.rows, data.metrics[metric])]
        lines += [
            (name, part.rows, part.metrics[metric])
            for name, part in list(data.slices.items())[:_MOST_SLICES]
            if metric in part.metrics
        ]
        known = [one for one in lines if one[2].value is not None]
        if len(known) > 1:
            yield Figure(
                title=metric,
                text="With 95 % intervals; the orange line is all rows.",
                svg=_forest(metric, known),
            )


def _forest(metric: str, lines: list[tuple[str, int, Estimate]]) -> str:
    ends = [float(end) for _, _, one in lines for end in (one.value, one.low, one.high) if end is not None]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    room = (high - low) * 0.03 or 1.0
    low, high = low - (room if low < 0 else 0), high + (room if high > 0 or low == 0 else 0)
    bottom = _TOP + _LINE * len(lines)

    def px(value: float) -> float:
        return _LEFT + (value - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)

    marks = []
    for value in ticks(low, high):
        marks.append(element("line", "grid", x1=px(value), x2=px(value), y1=_TOP, y2=bottom))
        marks.append(element("text", text=shown(value), x=px(value), y=bottom + 17, text_anchor="middle"))
    for at, (name, rows, one) in enumerate(lines):
        y, value = _TOP + (at + 0.5) * _LINE, float(one.value or 0.0)
        short = name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
        told = f"{name}: {rows:,} rows"
        left, right = sorted((px(0.0), px(value)))
        marks.append(element("text", "ink", short, told, x=_LEFT - 8, y=y + 4, text_anchor="end"))
        marks.append(element("rect", "bar", x=left, y=y - 8, width=max(right - left, 0.5), height=16))
        marks.append(element("text", text=digits(value), x=_WIDTH - _RIGHT + 10, y=y + 4))
        if one.low is not None and one.high is not None:
            marks.append(element("line", "whisker", x1=px(one.low), x2=px(one.high), y1=y, y2=y))
        marks.append(element("circle", "dot", cx=px(value), cy=y, r=3.6))
    whole = px(float(lines[0][2].value or 0.0))
    marks.append(element("line", "mark", x1=whole, x2=whole, y1=_TOP, y2=bottom))
    return drawing(_WIDTH, bottom + _FOOT, f"{metric} by slice", *marks)
