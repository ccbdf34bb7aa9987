"""What a model card says of how good a version is, where it is not, and what was never asked."""

from collections.abc import Iterator

from mlctl.domain.digits import digits
from mlctl.domain.evaluation import Difference, Estimate, Evaluation
from mlctl.domain.requests.card import CardLine, CardSection, CardTable
from mlctl.domain.sharing import spoken
from mlctl.evidence.card_recipe import seen
from mlctl.evidence.lifetime import Lifetime, forced
from mlctl.project.order import in_order, metric_order
from mlctl.reporting.words import difference, estimate

_HOW = "evaluation"
_WHOLE = "all rows"


def _newest(life: Lifetime) -> tuple[str, Evaluation] | None:
    """The newest evaluation of the tested artefact, on rows new to it if there is one; its source."""
    found = [life.measured, life.evaluated]
    own = [(digest, one) for part in found for digest, one in part if one.model_digest == life.digest]
    return (f"{_HOW} {own[-1][0][:12]}", own[-1][1]) if own else None


def evaluation_data(life: Lifetime) -> CardSection:
    """Rows that it was measured on."""
    found = _newest(life)
    names = ("data", "rows measured", "times", "intervals resample")
    if found is None:
        lines = tuple(CardLine(name=name, text=None, source=_HOW) for name in names)
        return CardSection(title="Evaluation data", lines=lines)
    source, one = found
    number = life.names.number_of(f"datasets/{one.dataset}", one.dataset_digest)
    times = f"{one.test_from} to {one.test_through}" if one.test_from and one.test_through else None
    drawn = f"{one.units:,} x {one.resample}, {one.samples:,} times"
    texts = (one.dataset if number is None else f"{one.dataset}@{number}", f"{one.rows:,}", times, drawn)
    lines = tuple(
        CardLine(name=name, text=text, source=source) for name, text in zip(names, texts, strict=True)
    )
    return CardSection(title="Evaluation data", lines=lines)


def results(life: Lifetime) -> CardSection:
    """Metrics with intervals, by slice, beside the baseline and the incumbent; size and speed."""
    title = "Results"
    found = _newest(life)
    if found is None:
        missing = ("metrics", "slices", "weak slices found", "size and speed")
        absent = tuple(CardLine(name=name, text=None, source=_HOW) for name in missing)
        return CardSection(title=title, lines=absent)
    source, one = found
    order = metric_order(life.session, life.model)
    metrics = in_order(one.metrics, order)
    rows = tuple(
        (name, _cell(value), _cell(one.baseline.get(name)), _apart(one.baseline_difference.get(name)))
        for name, value in metrics.items()
    )
    head = ("metric", "value [95 %]", "baseline", "minus baseline")
    tables = [CardTable(title="Metrics", head=head, rows=rows, source=source)]
    if one.slices:
        parts = [(_WHOLE, one.rows, one.metrics), *((n, p.rows, p.metrics) for n, p in one.slices.items())]
        cells = tuple((n, f"{count:,}", *(_cell(m.get(name)) for name in metrics)) for n, count, m in parts)
        tables.append(
            CardTable(title="By slice", head=("slice", "rows", *metrics), rows=cells, source=source)
        )
    if one.behaviour:
        tests = tuple(
            (test.name, test.kind, f"{test.rows:,}", f"{test.failed:,}", "yes" if test.passed else "no")
            for test in one.behaviour
        )
        wanted = ("test", "kind", "rows", "did not behave", "passed")
        tables.append(CardTable(title="Tests of behaviour", head=wanted, rows=tests, source=source))
    lines = [] if one.slices else [CardLine(name="slices", text=None, source=source)]
    lines += [
        CardLine(name="weak slices found", text=_weak(one), source=source),
        CardLine(name="compared with", text=_compared(life, one), source=source),
        CardLine(name="size and speed", text=one.in_use.told if one.in_use else None, source=source),
    ]
    return CardSection(title=title, lines=tuple(lines), tables=tuple(tables))


def _cell(found: Estimate | None) -> str:
    return estimate(found)


def _apart(found: Difference | None) -> str:
    return difference(found)


def _weak(one: Evaluation) -> str | None:
    if one.search is None:
        return None
    if not one.search.found:
        return f"none of {one.search.looked_at:,} looked at"
    loss = one.search.loss
    told = (
        f"{weak.where} ({weak.rows:,} rows, {loss} {digits(weak.value)}, of all {digits(weak.overall)})"
        for weak in one.search.found
    )
    return "; ".join(told)


def _compared(life: Lifetime, one: Evaluation) -> str:
    other = one.incumbent
    if other.version is None:
        return f"nothing: {one.stage or 'the stage'} held no version"
    number = (life.number_of(other.digest) if other.digest else None) or other.version
    said = other.verdict.replace("_", " ")
    why = f"; {other.why}" if other.why else ""
    return f"{life.model}@{number} of {one.stage}, on {other.rows:,} rows: {said}{why}"


def fairness(life: Lifetime) -> CardSection:
    """Groups that were compared."""
    title = "Fairness"
    found = _newest(life)
    if found is None or not found[1].fairness:
        return CardSection(title=title, lines=(CardLine(name="groups compared", text=None, source=_HOW),))
    source, one = found
    tables = []
    for column, fair in one.fairness.items():
        rates = list(dict.fromkeys(rate for group in fair.groups.values() for rate in group.rates))
        rows = tuple(
            (name, f"{group.rows:,}", *(_cell(group.rates.get(rate)) for rate in rates))
            for name, group in fair.groups.items()
        )
        head = (column, "rows", *rates)
        tables.append(CardTable(title=f"By {column}", head=head, rows=rows, source=source))
    lines = tuple(
        CardLine(
            name=f"{name} by {column}",
            text=f"{gap.rate} of {gap.high} minus {gap.low}: {_cell(gap.difference)}",
            source=source,
        )
        for column, fair in one.fairness.items()
        for name, gap in fair.gaps.items()
    )
    return CardSection(title=title, lines=lines, tables=tuple(tables))


def caveats(life: Lifetime) -> CardSection:
    """What the record says against relying on it."""
    return CardSection(title="Caveats", lines=tuple(_caveats(life)))


def _caveats(life: Lifetime) -> Iterator[CardLine]:
    ranged = [one for one in life.version.signature.inputs if one.role == "feature"] if life.version else []
    told = "; ".join(f"{one.name}: {text}" for one in ranged if (text := seen(one)))
    beyond = f"nothing was learnt outside of {told}" if told else None
    yield CardLine(name="ranges", text=beyond, source="version")
    found = _newest(life)
    if found is not None:
        source, one = found
        if one.search is not None and one.search.found:
            worst = one.search.found[0]
            yield CardLine(name="weakest slice", text=f"{worst.where}, {worst.rows:,} rows", source=source)
        learnt = int(one.notes.get("learnt_rows", 0))
        if learnt:
            text = f"it has learnt from {learnt:,} of the {one.rows:,} rows that it was measured on"
            yield CardLine(name="rows seen before", text=text, source=source)
        if one.data_checks is not None and one.data_checks.failed:
            failed = "; ".join(one.data_checks.failed)
            yield CardLine(name="data checks that fail", text=failed, source=source)
    for entry in life.promotions:
        if forced(entry) and any(change.new in life.own for change in entry.changes):
            gates = ", ".join(str(one.get("gate")) for one in entry.evidence.get("reasons", ()))
            text = f"{life.stage}, over {gates or 'gates that are not on record'}: {entry.reason}"
            yield CardLine(name="promoted by force", text=text, source=f"decision {spoken(entry.number)}")
