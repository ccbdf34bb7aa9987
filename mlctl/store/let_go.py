"""Versions whose files a retention rule has let go: nothing can be answered by them until they are back.

A stage never comes to hold such a version. A decision that moves one is refused where files are missing, and
looks again once it counts: a `gc` that has taken them in between either sees the decision and gives them
back, or took them before, and then they are in the trash.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mlctl.domain.decision import Draft
from mlctl.domain.errors import Missing
from mlctl.domain.looks import looked_at
from mlctl.domain.model import ModelVersion
from mlctl.domain.removal import Removal
from mlctl.store.trash import Trash

if TYPE_CHECKING:
    from mlctl.store.repository import Repository


def require_files(repository: "Repository", version: ModelVersion) -> None:
    """Nothing, unless a rule has let files of the version go and they are not back.

    Raises:
        Missing: with what brings them back.
    """
    lacking: set[str] = {one.sha256 for one in version.artefacts if not repository.objects.has(one.sha256)}
    if lacking and (found := _removal(repository, lacking)) is not None:
        raise _gone(repository, found)


def is_let_go(repository: "Repository", version: ModelVersion) -> bool:
    """Whether files of the version are missing, and a rule has let them go."""
    for one in version.artefacts:
        looked_at(repository.layout.object(one.sha256))  # a kept answer is none once a file has gone
    lacking: set[str] = {one.sha256 for one in version.artefacts if not repository.objects.has(one.sha256)}
    return bool(lacking) and _removal(repository, lacking) is not None


def promised(repository: "Repository", draft: Draft) -> list[Path]:
    """The files of all versions that stages would hold, and of what these are tested by.

    Raises:
        Missing: some are gone; not of a repository that was never to hold all of them.
    """
    digests = _promised(repository, draft)
    lacking = {digest for digest in digests if not repository.objects.has(digest)}
    if not lacking or repository.partial:
        return [repository.layout.object(digest) for digest in digests if digest not in lacking]
    found = _removal(repository, lacking)
    if found is not None:
        raise _gone(repository, found)
    digest = min(lacking)
    hints = ["mlctl fetch --all"] if repository.decisions.pending.joined() is not None else []
    raise Missing(
        f"object {digest} is gone, and a stage would hold a version that needs it",
        *hints,
        "mlctl fsck --repair",
        digest=digest,
    )


def secure(repository: "Repository", draft: Draft) -> None:
    """Bring back from the trash what a decision that counts now has promised."""
    for digest in _promised(repository, draft):
        bring_back(repository, digest)


def bring_back(repository: "Repository", digest: str) -> bool:
    """Whether an object that is missing has come back from the trash."""
    path = repository.layout.object(digest)
    trash = Trash(repository.layout.store)
    return not path.exists() and any(
        trash.give_back(folder / path.relative_to(trash.place), folder) for folder in trash.folders()
    )


def _promised(repository: "Repository", draft: Draft) -> list[str]:
    found: dict[str, None] = {}
    for change in draft.changes:
        if change.new is not None and change.name.startswith("stages/"):
            found.update(dict.fromkeys(_files_of(repository, change.new)))
    return list(found)


def _files_of(repository: "Repository", digest: str) -> Iterator[str]:
    if repository.facts.has(ModelVersion, digest):
        version = repository.facts.get(ModelVersion, digest)
        yield from (one.sha256 for one in version.artefacts)
        if version.reference is not None:
            yield version.reference


def _removal(repository: "Repository", lacking: set[str]) -> Removal | None:
    return next((one for _, one in repository.facts.all(Removal) if lacking & set(one.objects)), None)


def _gone(repository: "Repository", found: Removal) -> Missing:
    hints = ["mlctl gc --restore"] if Trash(repository.layout.store).collections() else []
    if repository.decisions.pending.joined() is not None:
        hints.append("mlctl fetch --all")
    return Missing(
        f"the files of {found.label} are gone: {found.told}",
        *hints,
        f"mlctl show {found.label}",
        label=found.label,
        rule=found.rule,
    )
