"""`mlctl data ls`: the newest version of every dataset."""

from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.data_ls import DataLsRequest, DataLsResult
from mlctl.project.session import Session
from mlctl.project.versions import dataset_names, newest, row_of


def data_ls(session: Session, request: DataLsRequest) -> Outcome[DataLsResult]:
    """List the datasets."""
    del request
    found = (newest(session, name) for name in dataset_names(session))
    rows = tuple(row_of(numbered, session) for numbered in found if numbered is not None)
    return Outcome(data=DataLsResult(datasets=rows), next=() if rows else ("mlctl data add",))
