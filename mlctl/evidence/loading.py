"""Model versions to predictors: files verified by digest, then handed to their flavor."""

from mlctl.contracts.flavor import Predictor
from mlctl.domain.model import ModelVersion
from mlctl.evidence.trust import may_run
from mlctl.learning.flavors import opened
from mlctl.project.session import Session
from mlctl.store.let_go import require_files


def open_predictor(session: Session, version: ModelVersion) -> Predictor:
    """The predictor of a model version; its matrix is `Encoder(version.features)`'s.

    A regression's answers are still to be multiplied by `version.level`.

    Raises:
        Missing, Corrupt: a file is gone or damaged, or a retention rule has let it go.
        Untrusted: it names a type or brings code that is not allowed.
        NotInstalled: its flavor is not installed.
    """
    require_files(session.repository, version)
    trusted = may_run(session, version)
    files = {artefact.name: artefact.sha256 for artefact in version.artefacts}
    with session.repository.objects.folder(files) as folder:
        return opened(version.flavor, folder, version.signature, trusted=trusted)
