"""Gives dataset versions their numbers: one decision each, and none where the number is given already."""

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.decision import Change, Draft
from mlctl.domain.errors import NameMoved
from mlctl.domain.ids import Digest
from mlctl.domain.names import Names
from mlctl.domain.refs import dataset_version
from mlctl.project.notify import notify
from mlctl.project.session import Session
from mlctl.project.versions import Numbered


def give_number(session: Session, digest: Digest, *, kind: str) -> Numbered:
    """The version with its number.

    Args:
        session: of the project.
        digest: of a version that is stored.
        kind: of the decision: the command.

    Raises:
        NameMoved: an undo took it back meanwhile.
    """
    repository = session.repository
    version = repository.facts.get(DatasetVersion, digest)
    family = f"datasets/{version.name}"

    def prepare(names: Names) -> Draft | None:
        if names.number_of(family, digest) is not None:
            return None
        new = Change(name=dataset_version(version.name, names.next_number(family)), old=None, new=digest)
        needs = [digest, *([version.profile] if version.profile else [])]
        evidence = {
            "md5": version.md5,
            "sha256": version.sha256,
            "rows": version.rows,
            "bytes": version.bytes,
        }
        return Draft(kind=kind, changes=(new,), evidence=evidence, needs=tuple(needs))

    committed = repository.decisions.commit(
        prepare, actor=session.actor, command=session.command, now=session.now
    )
    session.warnings += notify(session, committed)
    number = repository.decisions.names().number_of(family, digest)
    if number is None:
        raise NameMoved(
            f"{version.name} was withdrawn while it was added",
            f"mlctl data add {version.path}",
            name=version.name,
        )
    return Numbered(number=number, digest=digest, version=version)
