"""Who made a dataset version, by the log."""

import msgspec

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.refs import dataset_version
from mlctl.project.session import Session
from mlctl.store.known import was_given


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """The decision that gave some bytes a number.

    Attributes:
        label: `images@2`.
        by: git name and address, else the user of the operating system.
        at: RFC 3339 UTC.
        given: whether a remote is believed to hold a version with these bytes.
    """

    label: str
    by: str
    at: str
    given: bool = False


def added(session: Session, md5: str) -> Added | None:
    """Who first gave these bytes (a file's md5, or a folder's with ".dir") a living version; None: nobody."""
    repository = session.repository
    names = repository.decisions.names()
    found, holding = [], []
    for digest, version in repository.facts.where(DatasetVersion, md5=md5):
        number = names.number_of(f"datasets/{version.name}", digest)
        holding.append(digest)
        decision = None if number is None else names.last_effect(dataset_version(version.name, number))
        if decision is not None:
            found.append((decision, f"{version.name}@{number}"))
    if not found:
        return None
    decision, label = min(found)
    entry = repository.decisions.get(decision).entry
    return Added(
        label=label,
        by=person(entry.actor.name or entry.actor.user, entry.actor.email),
        at=entry.committed_at,
        given=any(was_given(repository.layout, DatasetVersion.kind, digest) for digest in holding),
    )


def person(name: str, email: str | None) -> str:
    """`Ann <ann@example.org>`."""
    return f"{name} <{email}>" if email else name
