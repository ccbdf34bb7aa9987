"""`mlctl data log`: a dataset's versions: who made each and when, and what it changed."""

from mlctl.datasets.folder_files import between
from mlctl.domain.file_changes import compare
from mlctl.domain.outcome import Outcome
from mlctl.domain.refs import dataset_version
from mlctl.domain.requests.data_log import DataLogRequest, DataLogResult, DatasetEvent
from mlctl.project.places import no_dataset
from mlctl.project.session import Session
from mlctl.project.versions import Numbered, only_dataset, row_of, versions_of
from mlctl.workspace.dvc_files import pointer_path, read_pointer


def data_log(session: Session, request: DataLogRequest) -> Outcome[DataLogResult]:
    """Tell a dataset's history, newest first.

    Raises:
        NotFound: there is no such dataset, or none was named and there is not one alone.
    """
    name = request.name or only_dataset(session, "mlctl data log")
    versions = versions_of(session, name)
    if not versions:
        raise no_dataset(session, name)
    pairs = [(versions[number - 1] if number else None, one) for number, one in enumerate(versions)]
    shown = pairs if request.last is None else pairs[-request.last :]
    events = tuple(_event(session, one, before) for before, one in reversed(shown))
    return Outcome(data=DataLogResult(name=name, versions=events))


def _event(session: Session, numbered: Numbered, before: Numbered | None) -> DatasetEvent:
    decisions = session.repository.decisions
    name = dataset_version(numbered.version.name, numbered.number)
    decision = decisions.names().last_effect(name) or 0
    entry = decisions.get(decision).entry
    path = numbered.version.path
    pointer = read_pointer(pointer_path(session.root / path)) if path is not None else None
    changes = None
    if before is not None:
        changes = compare(between(session, before.version, numbered.version), limit=0).tally
    return DatasetEvent(
        dataset=row_of(numbered, session),
        decision=decision,
        time=entry.committed_at,
        added_by=entry.actor.name or entry.actor.user,
        command=entry.command,
        current=pointer is not None and pointer.md5 == numbered.version.md5,
        files=numbered.version.files,
        changes=changes,
        moved_from=before.version.path if before is not None and before.version.path != path else None,
    )
