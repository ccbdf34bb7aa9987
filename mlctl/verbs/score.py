"""`mlctl score`: the 28 items of the ML Test Score, each with what shows it.

What the record shows brings points, never a key of the spec alone: gates count once a promotion has passed
them, checks once they were run. What no record can show, people answer in `[score.answers]`, with their name
and a day, and an answer ages. The score is the least of four sections.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from math import isnan
from typing import Literal

from mlctl.domain.duration import duration
from mlctl.domain.errors import GateRefused, UsageError
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.score import ScoredItem, ScoreRequest, ScoreResult
from mlctl.domain.score import ITEMS, Finding, Item, Proof, bands, reading, sums
from mlctl.domain.spec_told import AnswerSpec
from mlctl.evidence import score_data, score_infrastructure, score_model, score_monitoring
from mlctl.evidence.lifetime import Lifetime
from mlctl.project.session import Session

_JUDGES: Mapping[str, Callable[[Lifetime], Finding]] = {
    **score_data.JUDGES,
    **score_model.JUDGES,
    **score_infrastructure.JUDGES,
    **score_monitoring.JUDGES,
}
_ASK = "mlctl spec explain score"


def score(session: Session, request: ScoreRequest) -> Outcome[ScoreResult]:
    """Compute or look up every item.

    Raises:
        NotFound, SpecInvalid: no such model, no valid spec. UsageError: `least` is no number.
        GateRefused: `check` was asked, and the score is below `least`; with the full result.
    """
    if isnan(request.least):
        raise UsageError("--min is no number", "mlctl score --help")
    none = request.model is None and not session.spec.model
    life = None if none else Lifetime(session, session.model_name(request.model))
    items = tuple(_scored(session, life, item) for item in ITEMS)
    sections = sums((item.section, item.points) for item in items)
    least = min(sections.values())
    found = ScoreResult(
        model=life.model if life else None,
        version=life.number if life else None,
        stage=life.stage if life and life.staged else None,
        score=least,
        reading=reading(least),
        sections=sections,
        open=sum(item.how == "open" for item in items),
        items=items,
        bands=bands(),
    )
    then = _next(found)
    if request.check and least < request.least:
        weakest = [name for name, points in sections.items() if points == least]
        why = f"the score is {least:g}, by {' and '.join(weakest)}"
        reason = {"gate": "score", "slice": None, "value": least, "limit": request.least, "why": why}
        raise GateRefused(f"{why}; {request.least:g} was asked for", *then, data=found, reasons=[reason])
    return Outcome(data=found, next=then)


def _next(found: ScoreResult) -> tuple[str, ...]:
    """The first step in the weakest section, of those that the record can show; an answer otherwise."""
    low = [item for item in found.items if found.sections[item.section] == found.score and item.points < 1]
    steps = [item.next for item in low if item.next and item.next != _ASK]
    return tuple(
        dict.fromkeys([*steps[:1], *([] if steps else [item.next for item in low[:1] if item.next])])
    )


def _scored(session: Session, life: Lifetime | None, item: Item) -> ScoredItem:
    seen = _seen(life, item)
    answer = session.spec.score.answers.get(item.id)
    against = None if answer is None else _against(session, answer)
    how: Literal["shown", "answered", "open"] = "shown" if seen.points else "open"
    if answer is not None and against is not None:
        why = f"{seen.why}; the answer of {answer.by} does not count: {against}"
        seen = Finding(points=seen.points, why=why, proofs=seen.proofs, next=seen.next or _ASK)
    elif answer is not None and answer.points > seen.points:
        told = Proof(kind="answer", id=f"score.answers.{item.id}", told=f"{answer.by}, {answer.on}")
        how = "answered"
        seen = Finding(points=answer.points, why=answer.text, proofs=(told, *seen.proofs), next=seen.next)
    return ScoredItem(
        item=item.id,
        section=item.section,
        title=item.title,
        points=seen.points,
        how=how,
        why=seen.why,
        proofs=seen.proofs,
        next=seen.next if seen.points < 1 else "",
    )


def _seen(life: Lifetime | None, item: Item) -> Finding:
    judge = _JUDGES.get(item.id)
    if judge is None:
        why = "no record can tell; whoever knows answers"
        return Finding(points=0, why=f"{why} in [score.answers]: {item.id} = {{...}}", next=_ASK)
    if life is None:
        return Finding(points=0, why="the project declares no model", next="mlctl spec explain")
    return judge(life)


def _against(session: Session, answer: AnswerSpec) -> str | None:
    """Why an answer does not count today."""
    on = datetime.fromisoformat(answer.on).replace(tzinfo=UTC)
    if on > session.clock():
        return f"it is of {answer.on}, which is yet to come"
    valid = session.spec.score.valid
    if session.has_passed(duration(valid), on):
        return f"it is of {answer.on}, longer ago than {valid}"
    return None
