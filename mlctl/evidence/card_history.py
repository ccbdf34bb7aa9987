"""What a model card says of a version's stages, of who approved it, and of how to use it."""

import msgspec

from mlctl.datasets.provenance import person
from mlctl.domain.decision import Entry
from mlctl.domain.refs import retired
from mlctl.domain.requests.card import CardLine, CardSection, CardTable
from mlctl.domain.sharing import spoken
from mlctl.evidence.approvals import approvals_of, rules_for
from mlctl.evidence.lifetime import AUTOMATIC, Lifetime
from mlctl.project.stops import retirement_of


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A time in which a stage held the version.

    Attributes:
        end: what ended it; None: it holds it now.
    """

    stage: str
    start: Entry
    end: Entry | None


def history(life: Lifetime) -> CardSection:
    """When which stage held it, who decided so, why, and on what; approvals; retirement."""
    held = _held(life)
    rows = tuple(
        (
            one.stage,
            one.start.committed_at,
            "now" if one.end is None else one.end.committed_at,
            _decided(one.start),
            _evidence(one.start),
            one.start.reason or "-",
            "-" if one.end is None else _decided(one.end),
        )
        for one in held
    )
    head = ("stage", "from", "until", "decided", "on what", "why", "ended")
    tables = (CardTable(title="Stages", head=head, rows=rows, source="the decision log"),) if rows else ()
    lines = [] if rows else [CardLine(name="stages", text="none has ever held it", source="the decision log")]
    digest = life.digest or ""
    stages = {name.split("/")[3] for name in life.names.under(f"approvals/{life.model}/{digest}/")}
    rules = {stage: rules_for(life.session, life.model, stage) for stage in stages}
    given = approvals_of(life.session, life.names, life.model, digest, rules)
    told = "; ".join(f"for {one.stage} by {one.told}" for one in given)
    lines.append(CardLine(name="approvals", text=told or "none", source="the decision log"))
    stop = retirement_of(life.session, life.names, life.model, life.number or 0)
    if stop is not None:
        number = life.names.last_effect(retired(life.model, digest))
        source = f"decision {spoken(number)}" if number is not None else "the decision log"
        lines.append(CardLine(name="retired", text=stop.told, source=source))
    return CardSection(title="History", lines=tuple(lines), tables=tables)


def _held(life: Lifetime) -> list[Held]:
    """Every time in which a stage held the version, in order; undone decisions had their time, too."""
    found: list[Held] = []
    open_: dict[str, Entry] = {}
    for committed in life.session.repository.decisions.entries():
        entry = committed.entry
        for change in entry.changes:
            kind, _, rest = change.name.partition("/")
            model, _, stage = rest.partition("/")
            if kind != "stages" or model != life.model:
                continue
            inside = change.new in life.own
            if stage in open_ and not inside:
                found.append(Held(stage=stage, start=open_.pop(stage), end=entry))
            elif inside:
                open_.setdefault(stage, entry)
    found += [Held(stage=stage, start=entry, end=None) for stage, entry in open_.items()]
    return sorted(found, key=lambda one: one.start.number)


def _decided(entry: Entry) -> str:
    via = f" via {entry.actor.via}" if entry.actor.via in AUTOMATIC else ""
    who = person(entry.actor.name or entry.actor.user, entry.actor.email)
    return f"{entry.kind} by {who}{via}, decision {spoken(entry.number)}"


def _evidence(entry: Entry) -> str:
    evaluation = entry.evidence.get("evaluation")
    if evaluation is None:
        return "-"
    gates = "gates overruled" if entry.evidence.get("forced", True) else "gates passed"
    return f"{gates}, evaluation {str(evaluation)[:12]}"


def use(life: Lifetime) -> CardSection:
    """Commands that fit it again, serve it, and show all that is kept."""
    stages = [
        name.split("/")[2]
        for name, value in life.names.under(f"stages/{life.model}/").items()
        if value in life.own
    ]
    place = f"{life.model}@{stages[0]}" if stages else life.label
    lines = (
        CardLine(name="reproduce", text=f"mlctl reproduce {life.label}", source="version"),
        CardLine(name="serve", text=f"mlctl serve {place}", source="version"),
        CardLine(name="everything", text=f"mlctl show {life.label} -v", source="version"),
    )
    return CardSection(title="Use", lines=lines)
