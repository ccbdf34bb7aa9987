"""Steps of a build: data, training, evaluation, promotion, each fresh or stale with the reason."""

from typing import Literal

import msgspec

from mlctl.domain.records import Record

State = Literal["fresh", "stale", "done", "failed", "refused"]


class Step(Record, frozen=True, kw_only=True):
    """One step.

    Attributes:
        step: "data rides", "train demand", "eval demand", "promote demand".
        state: as found ("fresh", "stale") or as left by a build ("done", "failed", "refused").
        why: what made it stale, or how it went.
        next: the command that does this step alone.
        told: what the step does, in words: the split of a training.
    """

    step: str
    state: State
    why: tuple[str, ...] = msgspec.field(default_factory=tuple)
    next: str = ""
    told: tuple[str, ...] = ()


def after(steps: tuple[Step, ...], verbs: tuple[str, ...], subjects: tuple[str, ...]) -> tuple[str, ...]:
    """Why a step is stale because of the stale ones before it: one sentence each.

    Args:
        steps: so far.
        verbs: first words of the steps that it follows from ("data", "train").
        subjects: second words that concern it (the dataset, the model).
    """
    found = []
    for step in steps:
        verb, _, subject = step.step.partition(" ")
        if step.state == "stale" and verb in verbs and subject in subjects:
            found.append(f"{step.step} is stale")
    return tuple(found)
