"""An evaluation as one HTML page that needs nothing else: plots of the stored answers, tables, gates."""

import html
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from mlctl.domain.digits import digits
from mlctl.domain.requests.eval import EvalResult
from mlctl.reporting import words
from mlctl.reporting.figure import Figure
from mlctl.reporting.intervals import forests
from mlctl.reporting.plots import RivalKept, plots
from mlctl.reporting.style import STYLE
from mlctl.statistics.metrics import Answers


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What the store keeps of an evaluation's rows.

    Attributes:
        moments: event times, shape (rows,) datetime64[ms]; None where the data has none.
        units: the unit of each row, and how many there are: what intervals draw.
        classes: labels in the order of the probabilities; () for a regression.
        target: the column that was predicted.
        rival: the incumbent's answers to the rows that it was compared on.
    """

    answers: Answers
    moments: Any
    units: tuple[Any, int]
    classes: tuple[str, ...]
    target: str
    rival: RivalKept | None = None


def page(data: EvalResult, kept: Kept, made: str) -> str:
    """The page.

    Args:
        data: the evaluation.
        kept: its rows.
        made: when it was measured, RFC 3339.
    """
    title = html.escape(words.headline(data))
    drawn = plots(kept.answers, kept.moments, kept.units, kept.classes, kept.target, kept.rival)
    parts = (
        f"<header><p class=soft>{html.escape(f'Evaluation of {words.label(data)} for {data.stage}')}</p>",
        f"<h1>{title}</h1>{_summary(data)}</header>",
        f"<h2>Metrics</h2>{_metrics(data)}",
        *_figures("Slices", forests(data)),
        *_figures(f"Answers to {kept.answers.truth.size:,} rows", drawn, _key(data, kept)),
        _fairness(data),
        _behaviour(data),
        _found(data),
        _gates(data),
        _foot(data, made),
    )
    head = (
        "<meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<meta name=color-scheme content='light dark'><title>{title}</title>"
    )
    body = f"<body>{''.join(parts)}</body></html>"
    return f"<!doctype html>\n<html lang=en><head>{head}<style>{STYLE}</style></head>\n{body}\n"


def _summary(data: EvalResult) -> str:
    word = words.gates_word(data)
    notes = "".join(f"<br>{html.escape(note)}." for note in words.notes(data))
    gates = (
        f"<span class='tag {word}'>gates of {html.escape(data.stage)}: {word}</span>" if data.gates else ""
    )
    return f"<p class=lead>{gates}{html.escape(words.made_from(data))}.{notes}</p>"


def _metrics(data: EvalResult) -> str:
    return _table(*words.metrics_table(data, words.label(data)))


def _key(data: EvalResult, kept: Kept) -> str:
    """Which line is whose, where two models are drawn."""
    if kept.rival is None:
        return ""
    rows = len(kept.rival.answers.truth)
    part = "" if rows == len(kept.answers.truth) else f" (on the {rows:,} rows that neither has learnt from)"
    own, other = html.escape(words.label(data)), html.escape(kept.rival.label)
    mark = "<svg class=key viewBox='0 0 26 8'><line class={} x1=0 x2=26 y1=4 y2=4 /></svg>"
    return f"<p class=soft>{mark.format('own')}{own} {mark.format('rival')}{other}{part}</p>"


def _figures(title: str, figures: Iterator[Figure], key: str = "") -> Iterator[str]:
    drawn = [
        f"<figure class='{one.kind}'><figcaption><b>{html.escape(one.title)}</b> {html.escape(one.text)}"
        f"</figcaption>{one.svg}</figure>"
        for one in figures
    ]
    if drawn:
        shown = f"<div class=figures>{''.join(drawn)}</div>"
        yield f"<section><h2>{html.escape(title)}</h2>{key}{shown}</section>"


def _fairness(data: EvalResult) -> str:
    parts = []
    for column, found in data.fairness.items():
        parts.append(f"<h2>Groups of {html.escape(column)}</h2>")
        parts.append(_table(["group", "rows", *words.RATES.values()], words.groups(found)))
        parts.append("<p></p>")
        parts.append(_table(["furthest apart", "in", "difference", "ratio"], words.gaps(found)))
    return "".join(parts)


def _behaviour(data: EvalResult) -> str:
    if not data.behaviour:
        return ""
    head = ["test", "kind", "failed", "", "worst"]
    return f"<h2>Behaviour</h2>{_table(head, words.behaviour(data), text=True)}"


def _found(data: EvalResult) -> str:
    if data.search is None or not data.search.looked_at:
        return ""
    told = f"<p class=soft>{data.search.looked_at:,} slices were looked at"
    if not data.search.found:
        return f"<h2>Slices found</h2>{told}; none is worse than the rest beyond chance.</p>"
    rows = [
        [one.where, f"{one.rows:,}", digits(one.value), digits(one.overall), f"{one.p:.2g}"]
        for one in data.search.found
    ]
    table = _table(["slice", "rows", data.search.loss, "of all rows", "adjusted p"], rows, code=True)
    why = "these are worse than the rest beyond what the worst of all reaches by chance."
    return f"<h2>Slices found</h2>{told}; {why}</p>{table}"


def _gates(data: EvalResult) -> str:
    said = (
        ("refused", words.refused(data)),
        ("not judged", words.not_judged(data)),
        ("holds", words.held(data)),
    )
    lines = [(word, *one) for word, found in said for one in found]
    if not lines:
        return ""
    return f"<h2>Gates of {html.escape(data.stage)}</h2>" + _table(["", "gate", "why"], lines, text=True)


def _foot(data: EvalResult, made: str) -> str:
    kept = f", evaluation <code>{data.evaluation[:16]}</code>" if data.evaluation else ""
    command = html.escape(f"mlctl eval {words.label(data)} --to {data.stage}")
    when = html.escape(made[:16].replace("T", " "))
    return f"<footer>Measured {when} UTC{kept}. <code>{command}</code></footer>"


def _table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, code: bool = False, text: bool = False
) -> str:
    """A table: the first column names, the others are numbers, or text."""
    numbers = "" if text else " class=n"
    heads = "".join(f"<th{numbers if at else ''}>{html.escape(cell)}" for at, cell in enumerate(head))
    lines = []
    for row in rows:
        first = f"<code>{html.escape(row[0])}</code>" if code else html.escape(row[0])
        cells = "".join(f"<td{numbers}>{_cell(cell)}" for cell in row[1:])
        lines.append(f"<tr><th scope=row>{first}{cells}")
    return f"<div class=scroll><table><thead><tr>{heads}</thead><tbody>{''.join(lines)}</tbody></table></div>"


def _cell(text: str) -> str:
    """A value, its interval in a softer colour."""
    value, bracket, rest = text.partition(" [")
    if not bracket or not rest.endswith("]"):
        return html.escape(text)
    return f"{html.escape(value)} <span class=soft>[{html.escape(rest)}</span>"
