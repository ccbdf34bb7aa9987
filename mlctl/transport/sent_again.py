"""What `push --verify` does first: what the remote has lost is sent again, what is nowhere is named."""

from mlctl.contracts.remote import RemoteStore
from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.requests.push import PushedAgain, PushRequest
from mlctl.project.session import Session
from mlctl.sharing.mending import mend
from mlctl.transport.data_transfer import mend_data
from mlctl.transport.sharing_ways import progress
from mlctl.transport.withheld import withheld


def sent_again(session: Session, store: RemoteStore, request: PushRequest) -> PushedAgain:
    """Ask for everything and send what is lacking. The caller holds the sharing lock.

    Raises:
        Corrupt, Unreachable, Denied, UsageError, NotFound: as `sharing.mending.mend`, and of the data.
    """
    done = mend(
        session.repository,
        store,
        lambda md5s: mend_data(session, md5s, dry_run=request.dry_run),
        progress(session, "verify"),
        withheld=withheld(session),
        dry_run=request.dry_run,
    )
    data = done.data
    lacking = [*_versions(session, set(data.nowhere)), *(f"object {digest}" for digest in done.objects)]
    return PushedAgain(
        decisions=done.decisions,
        facts=done.facts,
        files=data.files,
        bytes=data.bytes,
        lacking=tuple(lacking),
    )


def _versions(session: Session, nowhere: set[str]) -> list[str]:
    """The dataset versions that lack data: `images@1 (2 files)`."""
    if not nowhere:
        return []
    repository = session.repository
    names = repository.decisions.names()
    found = []
    for digest, version in repository.facts.where(DatasetVersion):
        if version.path is None:
            continue
        files = {version.md5} & nowhere
        if version.shape == "folder" and repository.objects.has(version.sha256):
            files |= {one.md5 for one in repository.manifests.entries(version.sha256)} & nowhere
        if files:
            number = names.number_of(f"datasets/{version.name}", digest)
            label = digest[:12] if number is None else str(number)
            found.append(f"{version.name}@{label} ({len(files)} files)")
    return sorted(found)
