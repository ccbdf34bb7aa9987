"""What retention rules have let go: objects whose absence is no damage."""

from contextlib import suppress

from mlctl.domain.errors import Corrupt, Missing
from mlctl.domain.removal import Removal
from mlctl.store.fact_files import fact_names
from mlctl.store.repository import Repository


def removed_objects(repository: Repository) -> frozenset[str]:
    """Digests of all objects that a removal names, whether they are here again or not.

    One that is damaged says nothing: `fsck` finds it among the facts.
    """
    found: set[str] = set()
    for digest in fact_names(repository.layout.facts / Removal.kind):
        with suppress(Corrupt, Missing):
            found.update(repository.facts.get(Removal, digest).objects)
    return frozenset(found)


def removal_of(repository: Repository, subject: str) -> Removal | None:
    """Why a version or a run lacks objects; None where none is missing, or nobody knows."""
    gone = (
        one
        for _, one in repository.facts.where(Removal, subject=subject)
        if any(not repository.objects.has(digest) for digest in one.objects)
    )
    return next(gone, None)
