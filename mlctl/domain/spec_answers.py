"""The sense of what is no model's: items of `[score]` that exist and answers that can count; `[retain]`."""

from datetime import date

from mlctl.domain.nearest import nearest
from mlctl.domain.score import AUTOMATED, BY_HAND, ITEMS
from mlctl.domain.spec_retain import RetainSpec
from mlctl.domain.spec_rules import Problems, lasting, problem
from mlctl.domain.spec_told import AnswerSpec, ScoreSpec
from mlctl.domain.toml_lines import Path


def retain_problems(retain: RetainSpec, path: Path) -> Problems:
    """Every problem of the rules."""
    if retain.versions is not None and retain.versions < 1:
        yield problem((*path, "versions"), "versions must be 1 or more; the newest version is always kept")
    if retain.runs is not None:
        yield from lasting(retain.runs, (*path, "runs"), positive=True)


def score_problems(score: ScoreSpec, path: Path) -> Problems:
    """Every problem of the answers."""
    yield from lasting(score.valid, (*path, "valid"), positive=True)
    known = {item.id: item for item in ITEMS}
    for name, answer in score.answers.items():
        at = (*path, "answers", name)
        item = known.get(name)
        if item is None:
            near = nearest(name, known)
            guess = "" if near else f"; items are {ITEMS[0].id} to {ITEMS[-1].id}, see mlctl score"
            yield problem(at, f"the score has no item {name!r}{guess}", near)
            continue
        yield from _answer(answer, at)
        if answer.points == AUTOMATED and item.seen:
            yield problem(
                (*at, "points"),
                f"points = 1 of {name} has to be shown by the record; somebody's word brings {BY_HAND}",
            )


def _answer(answer: AnswerSpec, path: Path) -> Problems:
    if answer.points not in {0.0, BY_HAND, AUTOMATED}:
        yield problem((*path, "points"), f"points = {answer.points:g} must be 0, 0.5 or 1")
    if "@" not in answer.by:
        yield problem((*path, "by"), f"{answer.by!r} is no e-mail")
    if not answer.text.strip():
        yield problem((*path, "text"), "text is empty; say what is done, and where it is written down")
    try:
        date.fromisoformat(answer.on)
    except ValueError:
        yield problem((*path, "on"), f"on = {answer.on!r} is no day; write it as 2026-11-01")
