"""What the rules of `[retain]` let go: files of old versions, output of old runs.

Nothing goes that a decision ever moved a name to (stages, approvals, retirements; undone ones too), that was
part of a decision's evidence, that has answered a logged prediction, that labels, reports or frozen data
speak of, or that shares objects with what stays. The fact of a removal is on the disk before an object goes.
"""

import re
from collections.abc import Iterator
from datetime import datetime

import msgspec

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.duration import duration
from mlctl.domain.evaluation import Evaluation
from mlctl.domain.ids import Digest
from mlctl.domain.model import ModelVersion
from mlctl.domain.monitoring import MonitorReport
from mlctl.domain.names import Names
from mlctl.domain.prediction import DIGEST, LabelBatch, PredictionBatch
from mlctl.domain.records import Fact, encode
from mlctl.domain.removal import Removal
from mlctl.domain.run import Run
from mlctl.domain.spec_retain import RetainSpec
from mlctl.project.session import Session
from mlctl.store.collect import Collector
from mlctl.store.let_go import bring_back
from mlctl.store.reachable import named_below
from mlctl.store.references import SHAPES, references
from mlctl.store.removed import compared_in, removals
from mlctl.store.repository import Repository
from mlctl.store.trash import files_below
from mlctl.tabular.parquet import table_from

_TEXT = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_SPEAK: tuple[type[Fact], ...] = (DatasetVersion, LabelBatch, MonitorReport)
"""Facts that name versions in fields that `references` does not know."""


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a rule lets go, and its objects that are here."""

    of: str
    subject: Digest
    label: str
    rule: str
    objects: tuple[Digest, ...]


def release(session: Session, retain: RetainSpec, collector: Collector, *, act: bool) -> tuple[Released, ...]:
    """Let go what the rules say; what is younger than the collector's lease stays.

    A decision that comes while objects are moved may need them: then all is looked at again, and what is
    needed now comes back. Killed in between, the next `gc` goes on.
    """
    repository = session.repository
    before = _moved(session)
    plan = tuple(one for one in _planned(session, retain) if not _young(session, collector, one))
    for one in plan if act else ():
        if not any(
            set(one.objects) <= set(known.objects)
            for _, known in repository.facts.where(Removal, subject=one.subject)
        ):
            repository.facts.add(
                Removal(
                    created_at=session.now(),
                    of="models" if one.of == ModelVersion.kind else "runs",
                    subject=one.subject,
                    label=one.label,
                    objects=one.objects,
                    rule=one.rule,
                    actor=session.actor,
                )
            )
    repository.flush()
    for one in plan:
        collector.files(repository.layout.object(digest) for digest in one.objects)
    if act and _moved(session) != before:
        now = {one.subject for one in _planned(session, retain, here=False)}
        for one in plan:
            if one.subject not in now:
                collector.give_back(repository.layout.object(digest) for digest in one.objects)
        plan = tuple(one for one in plan if one.subject in now)
    return plan


def give_back_held(session: Session) -> int:
    """Bring back from the trash what is held now: a `gc` was killed, or a decision came late; how many."""
    repository = session.repository
    lacking = [
        (one, digest)
        for one in removals(repository)
        for digest in one.objects
        if one.of == ModelVersion.kind and not repository.objects.has(digest)
    ]
    held = _held(session) if lacking else set()
    return sum(
        bring_back(repository, digest)
        for one, digest in lacking
        if _relatives(repository, one.subject) & held
    )


def _relatives(repository: Repository, digest: str) -> set[str]:
    """A version, what it is a refit of, and its refits."""
    facts = repository.facts
    found = {digest, *(one for one, _ in facts.where(ModelVersion, refit_of=digest))}
    of = facts.get(ModelVersion, digest).refit_of if facts.has(ModelVersion, digest) else None
    return found | ({of} if of is not None else set())


def _moved(session: Session) -> tuple[int, int]:
    """Changes with every decision, published or pending."""
    layout = session.repository.layout
    pending = sum(1 for _ in files_below(layout.store / "pending"))
    return session.repository.decisions.shared().head, pending


def _young(session: Session, collector: Collector, one: Released) -> bool:
    """Whether any of its objects is; these are counted as such."""
    paths = [session.repository.layout.object(digest) for digest in one.objects]
    return collector.young_ones(paths)


def _planned(session: Session, retain: RetainSpec, *, here: bool = True) -> Iterator[Released]:
    """What the rules let go now; with `here` only what has objects on this machine."""
    repository = session.repository
    held = _held(session)
    found = list(_old_versions(session, retain, held)) if retain.versions is not None else []
    found += list(_old_runs(session, retain, held)) if retain.runs is not None else []
    free = {one.subject: set(one.objects) for one in found}
    needed: set[str] = set()
    for shape in SHAPES.values():
        for digest, fact in repository.facts.all(shape):
            needed |= set(references(fact).objects) - free.get(digest, set())
    for one in found:
        objects = tuple(
            digest
            for digest in one.objects
            if digest not in needed and (not here or repository.objects.has(digest))
        )
        if objects:
            yield msgspec.structs.replace(one, objects=objects)


def _old_versions(session: Session, retain: RetainSpec, held: set[str]) -> Iterator[Released]:
    """Beyond the newest of each model: the tested artefact, its refit, its recalibrations."""
    facts, names = session.repository.facts, session.repository.decisions.names()
    kept, old = set(held), []
    for model in names.families("models"):
        standing = list(names.versions(f"models/{model}"))
        newest = standing[-(retain.versions or len(standing)) :]
        kept |= {one for number in newest for one in _own(session, names, model, number)}
        old += [(model, number) for number in standing[: len(standing) - len(newest)]]
    for model, number in old:
        own = _own(session, names, model, number)
        if own & kept:  # its digest may go by a newer number as well
            continue
        kept |= own  # said once, whatever numbers it goes by
        for digest in sorted(own):
            if facts.has(ModelVersion, digest):
                version = facts.get(ModelVersion, digest)
                objects = [*(file.sha256 for file in version.artefacts), version.reference]
                yield Released(
                    of=ModelVersion.kind,
                    subject=Digest(digest),
                    label=f"{model}@{number}",
                    rule=f"retain.versions = {retain.versions}",
                    objects=tuple(one for one in objects if one is not None),
                )


def _own(session: Session, names: Names, model: str, number: int) -> set[str]:
    """Digests of a version, of its refits and of its recalibrations."""
    name = f"models/{model}/{number}"
    own = {one for one in (names.value(name), *names.under(f"{name}/").values()) if one is not None}
    facts = session.repository.facts
    return own | {digest for one in own for digest, _ in facts.where(ModelVersion, refit_of=one)}


def _old_runs(session: Session, retain: RetainSpec, held: set[str]) -> Iterator[Released]:
    """What runs have printed, measured and kept beside their model."""
    facts, span = session.repository.facts, duration(retain.runs or "")
    needed = {facts.get(ModelVersion, one).run for one in held if facts.has(ModelVersion, one)}
    for digest, run in facts.all(Run):
        ended = datetime.fromisoformat(run.created_at)
        if run.run in needed or not session.has_passed(span, ended):
            continue
        objects = [one for one in (run.log, run.points, *run.artifacts.values()) if one is not None]
        if objects:
            yield Released(
                of=Run.kind,
                subject=digest,
                label=f"run:{run.run}",
                rule=f'retain.runs = "{retain.runs}"',
                objects=tuple(objects),
            )


def _held(session: Session) -> set[str]:
    """Digests that something besides the number of a version speaks of."""
    repository = session.repository
    layout, facts = repository.layout, repository.facts
    found: set[str] = set()
    for committed in repository.decisions.entries():
        entry = committed.entry
        for change in entry.changes:
            if not change.name.startswith("models/"):
                found |= {value for value in (change.old, change.new) if value is not None}
        found |= _digests(encode(entry.evidence))
    for folder in (layout.store / "pending", layout.store / "live"):
        found |= named_below(folder)
    for shape in _SPEAK:
        found |= {one for _, fact in facts.all(shape) for one in _digests(encode(fact))}
    for _, batch in facts.all(PredictionBatch):
        answered = table_from(repository.objects.read(batch.table)).column(DIGEST)
        found |= {str(one) for one in answered.unique().to_pylist() if one is not None}
    for digest in tuple(found):
        if facts.has(Evaluation, digest):
            found |= compared_in(facts.get(Evaluation, digest))
    return found


def _digests(data: bytes) -> set[str]:
    return {one.decode() for one in _TEXT.findall(data)}
