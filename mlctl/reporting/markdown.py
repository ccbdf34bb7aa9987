"""An evaluation as Markdown, for a pull request: the verdict first, then what it rests on."""

from collections.abc import Iterable, Iterator, Sequence

from mlctl.domain.digits import digits
from mlctl.domain.requests.eval import EvalResult
from mlctl.reporting import words


def markdown(data: EvalResult) -> str:
    """The evaluation as GitHub's Markdown; the same evaluation gives the same text."""
    return "\n".join(
        [
            *_verdict(data),
            *_metrics(data),
            *_slices(data),
            *_fairness(data),
            *_behaviour(data),
            *_found(data),
            *_gates(data),
            *_foot(data),
        ]
    )


def _verdict(data: EvalResult) -> Iterator[str]:
    yield f"### {_plain(words.headline(data))}"
    yield ""
    yield f"Gates of {data.stage}: **{words.gates_word(data)}**. {_plain(words.made_from(data))}."
    yield ""
    notes = list(words.notes(data))
    yield from (f"- {_plain(note)}" for note in notes)
    if notes:
        yield ""


def _metrics(data: EvalResult) -> Iterator[str]:
    yield from _table(*words.metrics_table(data, f"{words.label(data)} [95 %]"))


def _slices(data: EvalResult) -> Iterator[str]:
    if not data.slices:
        return
    yield "#### Slices"
    yield ""
    rows = [["all rows", f"{data.rows:,}", *(words.estimate(found) for found in data.metrics.values())]]
    for name, part in data.slices.items():
        own = [words.estimate(part.metrics.get(metric)) for metric in data.metrics]
        rows.append([_plain(name), f"{part.rows:,}", *own])
    yield from _table(["slice", "rows", *data.metrics], rows)


def _fairness(data: EvalResult) -> Iterator[str]:
    for column, found in data.fairness.items():
        yield f"#### Groups of {_plain(column)}"
        yield ""
        rows = [[_plain(name), *cells] for name, *cells in words.groups(found)]
        yield from _table(["group", "rows", *words.RATES.values()], rows)
        rows = [[name, _plain(between), *cells] for name, between, *cells in words.gaps(found)]
        yield from _table(["furthest apart", "in", "difference", "ratio"], rows)


def _behaviour(data: EvalResult) -> Iterator[str]:
    if data.behaviour:
        yield "#### Behaviour"
        yield ""
        rows = [[_plain(cell) for cell in row] for row in words.behaviour(data)]
        yield from _table(["test", "kind", "failed", "", "worst"], rows)


def _found(data: EvalResult) -> Iterator[str]:
    if data.search is None or not data.search.found:
        return
    yield f"#### Worse than the rest, of {data.search.looked_at:,} slices looked at"
    yield ""
    rows = [
        [f"`{one.where}`", f"{one.rows:,}", digits(one.value), digits(one.overall), f"{one.p:.2g}"]
        for one in data.search.found
    ]
    yield from _table(["slice", "rows", data.search.loss, "of all rows", "adjusted p"], rows)


def _gates(data: EvalResult) -> Iterator[str]:
    refused, skipped, held = words.refused(data), words.not_judged(data), words.held(data)
    if not refused and not skipped and not held:
        return
    yield f"#### Gates of {data.stage}"
    yield ""
    yield from (f"- **refused** {_plain(gate)}: {_plain(why)}" for gate, why in refused)
    yield from (f"- not judged {_plain(gate)}: {_plain(why)}" for gate, why in skipped)
    yield from (f"- holds {_plain(gate)}: {_plain(why)}" for gate, why in held)
    yield ""


def _foot(data: EvalResult) -> Iterator[str]:
    kept = f" Evaluation `{data.evaluation[:12]}`." if data.evaluation else ""
    yield f"<sub>`mlctl eval {words.label(data)} --to {data.stage}`.{kept}</sub>"
    yield ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _row(head)
    yield _row(["---", *("---:" for _ in head[1:])])
    yield from (_row(cells) for cells in rows)
    yield ""


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _plain(text: str) -> str:
    """Text that stays text: no mark-up by a column's or a slice's name."""
    for sign in ("\\", "*", "_", "<", "["):
        text = text.replace(sign, f"\\{sign}")
    return text
