"""Versions whose files a retention rule has let go: nothing can be answered by them until they are back."""

from mlctl.domain.errors import Missing
from mlctl.domain.model import ModelVersion
from mlctl.domain.removal import Removal
from mlctl.project.session import Session
from mlctl.store.trash import Trash


def require_files(session: Session, version: ModelVersion) -> None:
    """Nothing, unless a rule has let files of the version go and they are not back.

    Raises:
        Missing: with what brings them back.
    """
    repository = session.repository
    lacking = {one.sha256 for one in version.artefacts if not repository.objects.has(one.sha256)}
    removals = repository.facts.all(Removal) if lacking else []
    found = next((one for _, one in removals if lacking & set(one.objects)), None)
    if found is None:
        return
    hints = ["mlctl gc --restore"] if Trash(session.repository.layout.store).collections() else []
    if session.repository.decisions.pending.joined() is not None:
        hints.append("mlctl fetch --all")
    raise Missing(
        f"the files of {found.label} are gone: {found.told}",
        *hints,
        f"mlctl show {found.label}",
        label=found.label,
        rule=found.rule,
    )
