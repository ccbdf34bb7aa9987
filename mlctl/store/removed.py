"""What retention rules have let go: which absent objects are no damage.

A removal excuses its own subject alone, and never one that a stage rests on: whoever moved the stage had the
files, so they have been lost since, or were never brought.
"""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cached_property

from mlctl.domain.decision import Entry
from mlctl.domain.errors import Corrupt, Missing, MlctlError
from mlctl.domain.evaluation import Evaluation
from mlctl.domain.records import encode
from mlctl.domain.removal import Removal
from mlctl.store.fact_files import fact_names
from mlctl.store.repository import Repository

_DIGEST = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


def removals(repository: Repository) -> list[Removal]:
    """All that are here. One that is damaged says nothing: `fsck` finds it among the facts."""
    found: list[Removal] = []
    for digest in fact_names(repository.layout.facts / Removal.kind):
        with suppress(Corrupt, Missing):
            found.append(repository.facts.get(Removal, digest))
    return found


class Excuses:
    """Whether an object may be missing.

    Args:
        repository: whose removals and decisions are asked.
        more: removals from elsewhere.
        entries: decisions that are about to be taken over.
        evaluation: reads one that is about to be stored; None where there is none.
    """

    def __init__(
        self,
        repository: Repository,
        *,
        more: Iterable[Removal] = (),
        entries: Iterable[Entry] = (),
        evaluation: Callable[[str], Evaluation | None] = lambda _digest: None,
    ) -> None:
        self._repository = repository
        self._entries = tuple(entries)
        self._evaluation = evaluation
        known = [*removals(repository), *more]
        self._pairs = {(one.subject, digest) for one in known for digest in one.objects}

    def excused(self, subject: str, digest: str) -> bool:
        """Whether a rule let this object of this fact go, and no stage rests on the fact."""
        return (subject, digest) in self._pairs and subject not in self._at_stake

    def all_excused(self, subjects: Iterable[str], digest: str) -> bool:
        """Whether it is so for every fact that names the object."""
        return all(self.excused(subject, digest) for subject in subjects)

    @cached_property
    def _at_stake(self) -> set[str]:
        """Digests that a decision about a stage speaks of, undone ones too; of a broken log those before."""
        found: set[str] = set()
        with suppress(MlctlError):
            for committed in self._repository.decisions.entries():
                found |= stakes(committed.entry)
        for entry in self._entries:
            found |= stakes(entry)
        for digest in tuple(found):
            shown = self._evaluation(digest)
            if shown is None and self._repository.facts.has(Evaluation, digest):
                with suppress(Corrupt, Missing):
                    shown = self._repository.facts.get(Evaluation, digest)
            found |= compared_in(shown) if shown is not None else set()
        return found


def stakes(entry: Entry) -> set[str]:
    """The digests that a decision moves a stage between, needs or stands on; none where it moves no stage."""
    moved = [change for change in entry.changes if change.name.startswith("stages/")]
    if not moved:
        return set()
    values = {value for change in moved for value in (change.old, change.new) if value is not None}
    return values | {*entry.needs, *_DIGEST.findall(encode(entry.evidence).decode())}


def compared_in(evaluation: Evaluation) -> set[str]:
    """The versions that an evaluation compares."""
    rivals = (evaluation.incumbent.digest, evaluation.champion.digest if evaluation.champion else None)
    return {one for one in (evaluation.model_digest, *rivals) if one is not None}


def removal_of(repository: Repository, subject: str) -> Removal | None:
    """Why a version or a run lacks objects; None where none is missing, or nobody knows."""
    gone = (
        one
        for _, one in repository.facts.where(Removal, subject=subject)
        if any(not repository.objects.has(digest) for digest in one.objects)
    )
    return next(gone, None)
