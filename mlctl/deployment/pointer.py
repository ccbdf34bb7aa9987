"""What a server follows: a stage of a model, or one version that never changes."""

from contextlib import ExitStack
from pathlib import Path

from mlctl.contracts.pointer import Held
from mlctl.domain import refs
from mlctl.domain.errors import NotFound
from mlctl.domain.ids import Digest
from mlctl.domain.model import ModelVersion
from mlctl.domain.selector import parse
from mlctl.project.resolve import families, resolve_model
from mlctl.project.session import Session
from mlctl.store.let_go import require_files
from mlctl.store.repository import Repository

PRODUCTION = "production"


class StagePointer:
    """The version that a stage holds. `peek` reads the log's new tail, which is nothing most of the time.

    The folder of `resolve` lives until the next `resolve` or `close`.
    """

    def __init__(self, repository: Repository, model: str, stage: str) -> None:
        self.model = model
        self.stage = stage
        self._name = refs.stage(model, stage)
        self._repository = repository
        self._files = _Files(repository)

    def peek(self) -> Digest | None:
        """The digest that the stage holds, or None."""
        value = self._repository.decisions.names().value(self._name)
        return None if value is None else Digest(value)

    def resolve(self) -> Held:
        """The version that the stage holds, verified.

        Raises:
            NotFound: it holds nothing.
            Corrupt, Missing: a file or record of it is damaged, or a retention rule has let it go.
        """
        names = self._repository.decisions.names()
        digest = names.value(self._name)
        if digest is None:
            raise empty_stage(self.model, self.stage)
        model = self._repository.facts.get(ModelVersion, digest)
        return Held(
            digest=Digest(digest),
            version=names.number_of(f"models/{self.model}", digest) or 0,
            model=model,
            folder=self._files.of(model),
            stage=self.stage,
            decision=names.last_effect(self._name),
        )

    def close(self) -> None:
        """Remove the folder of the last `resolve`."""
        self._files.close()


class VersionPointer:
    """One version, whatever the stages do."""

    def __init__(self, repository: Repository, model: str, digest: Digest, number: int) -> None:
        self.model = model
        self._repository = repository
        self._digest = digest
        self._number = number
        self._files = _Files(repository)

    def peek(self) -> Digest | None:
        """Always the same digest."""
        return self._digest

    def resolve(self) -> Held:
        """The version, verified.

        Raises:
            Corrupt, Missing: a file or record of it is damaged, or a retention rule has let it go.
        """
        model = self._repository.facts.get(ModelVersion, self._digest)
        return Held(digest=self._digest, version=self._number, model=model, folder=self._files.of(model))

    def close(self) -> None:
        """Remove the folder of the last `resolve`."""
        self._files.close()


def pointer_to(session: Session, target: str | None) -> StagePointer | VersionPointer:
    """What a server is asked to serve, checked to exist.

    Args:
        session: whose log and spec say what there is.
        target: a selector; a bare model or None means the production stage.

    Raises:
        NotFound: no such model or version, or the stage holds nothing.
        Ambiguous: several models have such a stage.
    """
    names = session.repository.decisions.names()
    if target is None or target in families(names, "models") or target in _declared(session):
        model, stage = target or session.model_name(None), PRODUCTION
    else:
        selector = parse(target)
        if selector.stage is not None and not selector.back and selector.moment is None:
            model, stage = selector.name, selector.stage
        else:
            found = resolve_model(session, target)
            if found.stage is None or selector.back or selector.moment is not None:
                return VersionPointer(session.repository, found.model, found.digest, found.number)
            model, stage = found.model, found.stage
    if names.value(refs.stage(model, stage)) is None:
        if names.versions(f"models/{model}"):
            resolve_model(session, f"{model}@{stage}")  # says which stages there are, and the nearest
        raise empty_stage(model, stage, trained=False)
    return StagePointer(session.repository, model, stage)


def empty_stage(model: str, stage: str, *, trained: bool = True) -> NotFound:
    """The error for a stage that holds nothing."""
    hint = f"mlctl promote {model} --to {stage}" if trained else f"mlctl train {model}"
    why = "" if trained else f": no version of {model} has been trained"
    return NotFound(f"{model}@{stage} holds no version{why}", hint, model=model, stage=stage)


class _Files:
    """The verified files of one model at a time, in a folder of their own."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._held = ExitStack()

    def of(self, model: ModelVersion) -> Path:
        self._held.close()
        require_files(self._repository, model)
        names = {artefact.name: artefact.sha256 for artefact in model.artefacts}
        return self._held.enter_context(self._repository.objects.folder(names))

    def close(self) -> None:
        self._held.close()


def _declared(session: Session) -> set[str]:
    try:
        return set(session.spec.model)
    except NotFound:
        return set()
