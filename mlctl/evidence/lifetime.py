"""What the record shows of one model: the version in question and all that counts for or against it.

Read once, from facts and decisions alone; nothing heavy is imported, and no table is opened.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property

from mlctl.domain.decision import Entry
from mlctl.domain.evaluation import Evaluation
from mlctl.domain.ids import Digest
from mlctl.domain.model import ModelVersion
from mlctl.domain.monitoring import MonitorReport, WindowReport
from mlctl.domain.prediction import PredictionBatch
from mlctl.domain.refs import model_refit, model_version
from mlctl.domain.refs import stage as stage_name
from mlctl.domain.reproduction import Reproduction
from mlctl.domain.run import Run
from mlctl.domain.score import Proof
from mlctl.domain.sharing import spoken
from mlctl.evidence.reproduced import reproductions_of
from mlctl.project.declared import declared_model
from mlctl.project.session import Session

AUTOMATIC = frozenset({"ci", "loop"})
"""`Actor.via` of what no person typed."""

STAGE = "production"


class Lifetime:
    """One model's record.

    Attributes:
        stage: the one that counts: production; else the first that holds a version.
        number: of the version in question: the one asked for, what the stage holds, or the newest; or None.
        staged: whether the stage holds a version.
    """

    def __init__(self, session: Session, model: str, number: int | None = None) -> None:
        """The record of a model; with a number, that of this version of it."""
        self.session = session
        self.model = model
        self.names = session.repository.decisions.names()
        self.spec = declared_model(session, model)
        held = {name.split("/")[2]: value for name, value in self.names.under(f"stages/{model}/").items()}
        self.stage = STAGE if STAGE in held else next(iter(held), STAGE)
        self.staged = self.stage in held
        newest = next(iter(self.names.newest(f"models/{model}", 1)), None)
        live = self.number_of(held[self.stage]) if self.staged else newest
        self.number = live if number is None else number

    @property
    def label(self) -> str:
        """`demand@7`; the model's name where there is no version."""
        return self.model if self.number is None else f"{self.model}@{self.number}"

    @cached_property
    def digest(self) -> Digest | None:
        """Of the tested artefact."""
        value = None if self.number is None else self.names.value(model_version(self.model, self.number))
        return Digest(value) if value else None

    @cached_property
    def version(self) -> ModelVersion | None:
        """The version in question."""
        return self.fact(self.digest) if self.digest is not None and self.is_here(self.digest) else None

    @cached_property
    def refit(self) -> ModelVersion | None:
        """The same recipe on all rows; what a stage holds of it, where there is one."""
        name = model_refit(self.model, self.number) if self.number is not None else None
        digest = self.names.value(name) if name else None
        return None if digest is None or not self.is_here(digest) else self.fact(digest)

    @cached_property
    def run(self) -> Run | None:
        """That made it."""
        return None if self.version is None else self.run_of(self.version)

    @cached_property
    def own(self) -> frozenset[str]:
        """Digests by which it answers: the tested artefact, its refit, and their recalibrations."""
        if self.number is None:
            return frozenset()
        family = model_version(self.model, self.number)
        refit = self.names.value(model_refit(self.model, self.number))
        below = self.names.under(f"{family}/").values()
        return frozenset(value for value in (self.digest, refit, *below) if value)

    @cached_property
    def evaluations(self) -> list[tuple[Digest, Evaluation]]:
        """Of every version that has a number, oldest first."""
        found = self.session.repository.facts.where(Evaluation, model=self.model)
        known = {one.model_digest for _, one in found if self.number_of(one.model_digest) is not None}
        here = {digest for digest in known if self.is_here(digest)}
        return [(digest, one) for digest, one in found if one.model_digest in here]

    @cached_property
    def measured(self) -> list[tuple[Digest, Evaluation]]:
        """Of the version in question, oldest first."""
        return [(digest, one) for digest, one in self.evaluations if one.model_digest in self.own]

    @cached_property
    def evaluated(self) -> list[tuple[Digest, Evaluation]]:
        """The same, on rows that it has not learnt from."""
        return [(digest, one) for digest, one in self.measured if not one.notes.get("learnt_rows")]

    @cached_property
    def peers(self) -> list[tuple[ModelVersion, Evaluation]]:
        """Versions evaluated on the test rows of the one in question, each once: the newest evaluation."""
        rows = {one.test for _, one in self.evaluated if one.test is not None}
        same = {one.model_digest: one for _, one in self.evaluations if one.test in rows}
        return [(self.fact(digest), one) for digest, one in same.items()]

    @cached_property
    def reproductions(self) -> list[tuple[Digest, Reproduction]]:
        """Of the version in question, oldest first."""
        found = [] if self.version is None else reproductions_of(self.session, self.version.run)
        if self.refit is not None:
            found = [*found, *reproductions_of(self.session, self.refit.run)]
        own = {digest: one for digest, one in found if one.version in self.own}
        return sorted(own.items(), key=lambda pair: (pair[1].created_at, pair[0]))

    @cached_property
    def reports(self) -> list[tuple[Digest, MonitorReport]]:
        """Of the monitor, oldest first."""
        return self.session.repository.facts.where(MonitorReport, model=self.model)

    @cached_property
    def logged(self) -> int:
        """Rows of answers in sealed pieces of the log."""
        found = self.session.repository.facts.where(PredictionBatch, model=self.model)
        return sum(batch.rows for _, batch in found)

    @cached_property
    def promotions(self) -> list[Entry]:
        """To the stage, as far as they stand, oldest first."""
        return [entry for entry in self._moves() if entry.kind == "promote"]

    @cached_property
    def ours(self) -> Entry | None:
        """The newest promotion of the version in question."""
        moved = stage_name(self.model, self.stage)
        for entry in reversed(self.promotions):
            if any(change.name == moved and change.new in self.own for change in entry.changes):
                return entry
        return None

    @cached_property
    def passed_on(self) -> Evaluation | None:
        """The evaluation on which its newest promotion passed the gates, unforced."""
        if self.ours is None or forced(self.ours):
            return None
        return dict(self.evaluations).get(Digest(str(self.ours.evidence.get("evaluation"))))

    @cached_property
    def rolled_back(self) -> list[Entry]:
        """What gave the stage back what it held before: rollbacks, and promotions that were undone."""
        name = stage_name(self.model, self.stage)
        undone = [self.entry(one.number) for one in self.names.undone if name in one.beneath]
        taken = [one for one in undone if any(c.name == name and c.old and c.new for c in one.changes)]
        return [*(one for one in self._moves() if one.kind == "rollback"), *taken]

    def _moves(self) -> Iterator[Entry]:
        for effect in self.names.effects.get(stage_name(self.model, self.stage), []):
            yield self.entry(effect.number)

    def entry(self, number: int) -> Entry:
        """A decision."""
        return self.session.repository.decisions.get(number).entry

    def made(self, name: str) -> Entry | None:
        """The decision whose effect on a name stands."""
        number = self.names.last_effect(name)
        return None if number is None else self.entry(number)

    def is_here(self, digest: str) -> bool:
        """Whether a version's fact is here; `clone --only` leaves some where they are."""
        return self.session.repository.facts.has(ModelVersion, digest)

    def fact(self, digest: str) -> ModelVersion:
        """A version of this model."""
        return self.session.repository.facts.get(ModelVersion, digest)

    def run_of(self, version: ModelVersion) -> Run | None:
        """That made a version; None where it is not here."""
        found = self.session.repository.facts.where(Run, run=version.run)
        return found[-1][1] if found else None

    def versions(self, most: int) -> dict[int, ModelVersion]:
        """The newest versions by number, oldest first."""
        newest = self.names.newest(f"models/{self.model}", most)
        here = {number: digest for number, digest in newest.items() if self.is_here(digest)}
        return {number: self.fact(digest) for number, digest in sorted(here.items())}

    @cached_property
    def _numbers(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for name, value in self.names.under(f"models/{self.model}/").items():
            found.setdefault(value, int(name.split("/")[2]))
        return found

    def number_of(self, digest: str) -> int | None:
        """The number of the version that a digest is an artefact of."""
        return self._numbers.get(digest)

    def windows(self, report: MonitorReport) -> list[WindowReport]:
        """Windows in which the version in question answered."""
        return [one for one in report.windows if self.own & set(one.digests)]


def by_machine(entries: Iterable[Entry]) -> bool:
    """Whether any of them was decided by CI or the loop."""
    return any(entry.actor.via in AUTOMATIC for entry in entries)


def forced(entry: Entry) -> bool:
    """Whether a promotion went over what its gates said; True where the record does not say."""
    return bool(entry.evidence.get("forced", True))


def proof_of(entry: Entry, told: str) -> Proof:
    """A decision as proof."""
    via = f" via {entry.actor.via}" if entry.actor.via in AUTOMATIC else ""
    return Proof(kind="decision", id=spoken(entry.number), told=f"{told}{via}, {entry.committed_at[:10]}")
