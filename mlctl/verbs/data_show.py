"""`mlctl data show`: a dataset version with its schema and profile."""

from itertools import islice

from mlctl.datasets.folder_profile import folder_profile
from mlctl.domain.outcome import Outcome
from mlctl.domain.profile import Profile
from mlctl.domain.records import decode
from mlctl.domain.requests.data_show import DataShowRequest, DataShowResult
from mlctl.project.resolve import resolve_dataset
from mlctl.project.session import Session
from mlctl.project.versions import Numbered, only_dataset, row_of


def data_show(session: Session, request: DataShowRequest) -> Outcome[DataShowResult]:
    """Show a version in full."""
    found = resolve_dataset(session, request.dataset or only_dataset(session, "mlctl data show"))
    version, objects = found.version, session.repository.objects
    profile = decode(objects.read(version.profile), Profile) if version.profile else None
    folder = folder_profile(session, version) if version.shape == "folder" else None
    entries = session.repository.manifests.entries(version.sha256) if folder is not None else iter(())
    files = tuple(islice(entries, request.limit))
    return Outcome(
        data=DataShowResult(
            dataset=row_of(Numbered(number=found.number, digest=found.digest, version=version), session),
            shape=version.shape,
            sha256=version.sha256,
            schema=version.columns,
            profile=profile,
            folder=folder,
            files=files,
            more=version.files - len(files) if folder is not None else 0,
            origin=version.origin,
            parent=version.parent,
        )
    )
