"""Links of the chain behind a model version, each looked up and verified; what fails is noted, not raised."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from mlctl.domain import refs
from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.decision import Committed
from mlctl.domain.errors import Corrupt, Missing, MlctlError
from mlctl.domain.evaluation import Evaluation
from mlctl.domain.ids import Digest
from mlctl.domain.model import ModelVersion
from mlctl.domain.requests.blame import BlamedDataset, Damage
from mlctl.domain.run import Run
from mlctl.project.session import Session
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import read_settings
from mlctl.workspace.scan import read_file

if TYPE_CHECKING:
    from mlctl.domain.names import Names

T = TypeVar("T")


class Chain:
    """Verifies links.

    Attributes:
        damaged: what did not verify, in the order in which it was met.
        absent: sentences on bytes that are named and not on this machine.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._store = session.repository
        self.names: Names = session.repository.decisions.names()
        self.damaged: list[Damage] = []
        self.absent: list[str] = []

    def model(self, digest: str) -> ModelVersion | None:
        """A model version, its record and every artefact verified."""
        version = self._checked("model record", lambda: self._store.facts.get(ModelVersion, digest))
        for artefact in () if version is None else version.artefacts:
            self._checked(f"model file {artefact.name}", partial(self._store.objects.path, artefact.sha256))
        return version

    def run(self, version: ModelVersion) -> Run | None:
        """The run that fitted a version, with its spec and its code."""

        def find() -> Run:
            found = self._store.facts.where(Run, run=version.run)
            if not found:
                raise Missing(f"no record of run {version.run}", "mlctl fsck", run=version.run)
            return found[-1][1]

        run = self._checked("run record", find)
        if run is not None:
            self._checked("spec of the run", lambda: self._store.objects.path(run.spec))
            if run.code.patch is not None:
                self._checked("uncommitted code", lambda: self._store.objects.path(str(run.code.patch)))
        return run

    def datasets(self, version: ModelVersion) -> tuple[BlamedDataset, ...]:
        """The dataset versions that a version learnt from, their bytes hashed where they are here."""
        found = []
        for digest in version.datasets:
            dataset = self._checked("dataset record", partial(self._store.facts.get, DatasetVersion, digest))
            if dataset is not None:
                found.append(self._dataset(digest, dataset))
        return tuple(found)

    def decision(
        self, version: ModelVersion, digest: str, stage: str | None, moment: str
    ) -> Committed | None:
        """The decision by which the version stood where it answered from, as of a moment.

        Without a stage (a fixed version was served): the one that gave the version its name.
        """
        prefix = refs.stage(version.model, stage) if stage else f"models/{version.model}/"

        def find() -> Committed | None:
            latest = None
            for committed in self._store.decisions.entries():
                if committed.entry.committed_at > moment:
                    break
                if any(c.new == digest and c.name.startswith(prefix) for c in committed.entry.changes):
                    latest = committed
            return latest

        return self._checked("decision log", find)

    def evaluation(
        self, version: ModelVersion, digest: str, decided: Committed | None
    ) -> tuple[Digest, Evaluation] | None:
        """The evaluation that the decision names; else the newest of the version, or of what it refits."""
        evidence = None if decided is None else decided.entry.evidence.get("evaluation")
        if isinstance(evidence, str):
            found = self._checked("evaluation", lambda: self._store.facts.get(Evaluation, evidence))
            return None if found is None else (Digest(evidence), found)

        def newest() -> tuple[Digest, Evaluation] | None:
            for one in (digest, version.refit_of):
                found = self._store.facts.where(Evaluation, model_digest=one) if one else []
                if found:
                    return found[-1]
            return None

        return self._checked("evaluation", newest)

    def note(self, what: str, error: MlctlError) -> None:
        """Add a failure."""
        self.damaged.append(Damage(what=what, id=error.id, message=error.message))

    def _dataset(self, digest: Digest, version: DatasetVersion) -> BlamedDataset:
        number = self.names.number_of(f"datasets/{version.name}", digest)
        return BlamedDataset(
            name=version.name,
            version=number,
            digest=digest,
            path=version.path,
            rows=version.rows,
            md5=version.md5,
            sha256=version.sha256,
            verified=self._bytes_hold(version, f"{version.name}@{number}" if number else version.name),
        )

    def _bytes_hold(self, version: DatasetVersion, label: str) -> bool | None:
        try:
            if version.path is None:
                self._store.objects.path(version.sha256)
            else:
                self._cached_holds(version)
        except Missing as error:
            if version.path is None:
                self.note(f"data of {label}", error)
                return False
            self.absent.append(
                f"the bytes of {label} are not on this machine, so they were not hashed ({error.message})"
            )
            return None
        except MlctlError as error:
            self.note(f"data of {label}", error)
            return False
        return True

    def _cached_holds(self, version: DatasetVersion) -> None:
        cache = DvcCache(read_settings(self._session.root).cache)
        if version.shape == "folder":
            for _, md5 in cache.listing(version.md5):
                cache.verified(md5)
            self._store.objects.path(version.sha256)
            return
        path = cache.verified(version.md5)
        if read_file(path).hashes.sha256 != version.sha256:
            raise Corrupt(
                f"{path} does not have the sha256 that the record names", "mlctl fsck", path=str(path)
            )

    def _checked(self, what: str, look: Callable[[], T]) -> T | None:
        try:
            return look()
        except MlctlError as error:
            self.note(what, error)
            return None
