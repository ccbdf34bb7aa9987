"""What a push would send, by what its remote is known to hold; nothing is asked of it."""

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.requests.push import WaitingData
from mlctl.project.session import Session
from mlctl.store.known import Known
from mlctl.transport.unpushed import known_urls
from mlctl.transport.withheld import withheld


def waiting_data(session: Session, url: str) -> tuple[WaitingData, ...]:
    """The dataset versions whose data would go up, with the files that no sent version of it has.

    What the remote holds for another reason is not sent again, so it may be less.
    """
    repository = session.repository
    known = [Known(repository.layout, one) for one in known_urls(session, url)]
    closed, names = withheld(session), repository.decisions.names()
    sent: dict[str, set[str]] = {}
    found = []
    for digest, version in repository.facts.all(DatasetVersion):
        if version.path is None or version.md5 in closed:
            continue
        files = _files(session, version)
        before = sent.setdefault(version.name, set())
        if not any(one.has(DatasetVersion.kind, digest) for one in known):
            number = names.number_of(f"datasets/{version.name}", digest)
            own = {md5: size for md5, size in files.items() if md5 not in before}
            found.append(
                WaitingData(
                    dataset=version.name if number is None else f"{version.name}@{number}",
                    path=version.path,
                    files=len(own),
                    bytes=sum(own.values()),
                )
            )
        before.update(files)
    return tuple(one for one in found if one.files)


def _files(session: Session, version: DatasetVersion) -> dict[str, int]:
    """md5 to size of what a version holds; only its listing where the manifest is not here."""
    if version.shape != "folder" or not session.repository.objects.has(version.sha256):
        return {version.md5: version.bytes}
    return {one.md5: one.size for one in session.repository.manifests.entries(version.sha256)}
