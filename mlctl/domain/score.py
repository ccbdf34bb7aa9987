"""The ML Test Score: its 28 items, the points they may bring, and how their sum is read.

After E. Breck, S. Cai, E. Nielsen, M. Salib and D. Sculley, "The ML Test Score: A Rubric for ML Production
Readiness and Technical Debt Reduction", IEEE Big Data 2017. The wording of items and readings is our own.
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Literal

import msgspec

BY_HAND = 0.5
"""Done by hand, and what came of it is documented."""

AUTOMATED = 1.0
"""Done by a machine, and repeated."""

SOURCE = "Breck, Cai, Nielsen, Salib, Sculley: The ML Test Score. IEEE Big Data 2017."

Section = Literal["data", "model", "infrastructure", "monitoring"]
SECTIONS: tuple[Section, ...] = ("data", "model", "infrastructure", "monitoring")


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One of the 28.

    Attributes:
        seen: whether a record could show it; of the others only people know.
    """

    id: str
    section: Section
    title: str
    seen: bool

    @property
    def most_by_answer(self) -> float:
        """What somebody's word brings at most: where a record could show that it runs, it has to."""
        return BY_HAND if self.seen else AUTOMATED


_TITLES: Mapping[Section, tuple[str, ...]] = {
    "data": (
        "what is expected of the features is written down, and checked",
        "every feature is worth having",
        "no feature costs more than it brings",
        "features keep to the rules on what may be used",
        "personal data are under control",
        "a new feature gets to production quickly",
        "the code that makes features is tested",
    ),
    "model": (
        "the recipe is under version control, and somebody else has looked at it",
        "metrics before and after deployment go together",
        "hyperparameters were tuned",
        "the effect of an old model is known",
        "a simpler model is not as good",
        "the model is good enough on the slices that matter",
        "the model was examined for fairness",
    ),
    "infrastructure": (
        "training is reproducible",
        "the model is tested for how it has to behave",
        "the whole pipeline is tested from end to end",
        "a model is validated before it serves",
        "one prediction can be followed step by step",
        "a model answers a small part, or beside another, before it serves",
        "a serving model can be rolled back",
    ),
    "monitoring": (
        "changes of what the data depend on are noticed",
        "what must hold of inputs is checked where they are served",
        "training and serving see the same features",
        "models are not too old",
        "nothing overflows or turns into NaN unseen",
        "speed, memory and size have not become worse",
        "the quality of predictions has not become worse",
    ),
}
_SHORT: Mapping[Section, str] = {
    "data": "data",
    "model": "model",
    "infrastructure": "infra",
    "monitoring": "monitor",
}
_ONLY_PEOPLE = frozenset(
    {"data_3", "data_5", "data_7", "monitor_5"},
)

ITEMS: tuple[Item, ...] = tuple(
    Item(
        id=(name := f"{_SHORT[section]}_{number}"),
        section=section,
        title=title,
        seen=name not in _ONLY_PEOPLE,
    )
    for section, titles in _TITLES.items()
    for number, title in enumerate(titles, 1)
)
"""In the order of the paper."""

_READINGS = (
    (0.0, "a research project rather than something for production"),
    (1.0, "not untested, but there may well be serious holes"),
    (2.0, "a first pass at production; more work is likely needed"),
    (3.0, "reasonably tested; more of it could be automated"),
    (5.0, "much is tested and watched automatically: fit for what matters"),
)
_BEYOND = "exceptionally well tested and watched"


def reading(score: float) -> str:
    """What the paper reads from a score (its table of interpretations)."""
    return next((text for most, text in _READINGS if score <= most), _BEYOND)


def bands() -> tuple[str, ...]:
    """Every reading with its range, in order."""
    told = [f"0: {_READINGS[0][1]}"]
    for (low, _), (high, text) in pairwise(_READINGS):
        told.append(f"above {low:g}, up to {high:g}: {text}")
    return (*told, f"above {_READINGS[-1][0]:g}: {_BEYOND}")


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """One thing on record.

    Attributes:
        kind: "decision", "evaluation", "run", "report", "reproduction", "model" or "answer".
        id: its number, digest, or run id; for `mlctl show`.
        told: the value in it that counts.
    """

    kind: str
    id: str
    told: str


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of an item.

    Attributes:
        why: what brings the points, or what is missing.
        next: a command on the way to more; "" where there is nothing more.
    """

    points: float
    why: str
    proofs: tuple[Proof, ...] = ()
    next: str = ""


def sums(points: Iterable[tuple[Section, float]]) -> dict[str, float]:
    """The points of each section."""
    found: dict[str, float] = dict.fromkeys(SECTIONS, 0.0)
    for section, worth in points:
        found[section] += worth
    return found
