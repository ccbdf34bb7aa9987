"""Dataset versions by name and number, as the log gives them."""

import msgspec

from mlctl.domain.dataset import DatasetRow, DatasetVersion
from mlctl.domain.errors import NotFound
from mlctl.domain.ids import Digest
from mlctl.domain.refs import dataset_version
from mlctl.domain.sharing import is_published
from mlctl.domain.spec import ReadSpec
from mlctl.project.session import Session


class Numbered(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset version and the name that it goes by."""

    number: int
    digest: Digest
    version: DatasetVersion

    @property
    def label(self) -> str:
        """`rides@1`."""
        return f"{self.version.name}@{self.number}"


def dataset_names(session: Session) -> list[str]:
    """Every dataset that has a version."""
    return sorted({name.split("/")[1] for name in session.repository.decisions.names().under("datasets/")})


def only_dataset(session: Session, command: str) -> str:
    """The dataset that is meant where none is named.

    Raises:
        NotFound: there is none, or more than one.
    """
    names = dataset_names(session)
    if len(names) == 1:
        return names[0]
    if not names:
        raise NotFound("there is no dataset yet", "mlctl data add")
    raise NotFound(f"which dataset? there are {', '.join(names)}", f"{command} {names[0]}", known=names)


def versions_of(session: Session, name: str) -> list[Numbered]:
    """The living versions of a dataset, ascending; [] where there are none."""
    facts = session.repository.facts
    return [
        Numbered(number=number, digest=Digest(digest), version=facts.get(DatasetVersion, digest))
        for number, digest in _here(session, name)
    ]


def newest(session: Session, name: str) -> Numbered | None:
    """The newest living version of a dataset."""
    family = _here(session, name)
    if not family:
        return None
    number, digest = family[-1]
    return Numbered(
        number=number, digest=Digest(digest), version=session.repository.facts.get(DatasetVersion, digest)
    )


def _here(session: Session, name: str) -> list[tuple[int, str]]:
    """(number, digest) of the living versions, ascending; after `clone --only` those that it has brought."""
    repository = session.repository
    family = list(repository.decisions.names().versions(f"datasets/{name}").items())
    if not repository.partial:
        return family
    return [one for one in family if repository.facts.has(DatasetVersion, one[1])]


def latest_versions(session: Session) -> list[DatasetVersion]:
    """The newest version of every dataset, by name."""
    found = (newest(session, name) for name in dataset_names(session))
    return [numbered.version for numbered in found if numbered is not None]


def with_bytes(session: Session, name: str, md5: str, read: ReadSpec | None) -> Numbered | None:
    """The newest living version of a dataset that holds these bytes, read in this way."""
    way, family = origin_of(read).get("read"), f"datasets/{name}"
    names = session.repository.decisions.names()
    for digest, version in reversed(session.repository.facts.where(DatasetVersion, name=name, md5=md5)):
        number = names.number_of(family, digest)
        if number is not None and version.path is not None and version.origin.get("read") == way:
            return Numbered(number=number, digest=digest, version=version)
    return None


def held_bytes(session: Session, name: str) -> set[str]:
    """The md5 of every file that a living version of a dataset holds."""
    manifests = session.repository.manifests
    held: set[str] = set()
    for numbered in versions_of(session, name):
        if numbered.version.shape == "folder":
            held.update(entry.md5 for entry in manifests.entries(numbered.version.sha256))
        else:
            held.add(numbered.version.md5)
    return held


def origin_of(read: ReadSpec | None) -> dict[str, object]:
    """How a text table is read, for the record: the same bytes read in another way are another version."""
    if read is None or read == ReadSpec():
        return {}
    default = msgspec.to_builtins(ReadSpec())
    return {"read": {key: value for key, value in msgspec.to_builtins(read).items() if value != default[key]}}


def row_of(numbered: Numbered, session: Session) -> DatasetRow:
    """The version as lists show it."""
    version = numbered.version
    names = session.repository.decisions.names()
    return DatasetRow(
        name=version.name,
        version=numbered.number,
        path=version.path,
        rows=version.rows,
        columns=len(version.columns) or None,
        bytes=version.bytes,
        md5=version.md5,
        created=version.created_at,
        digest=numbered.digest,
        published=is_published(names, dataset_version(version.name, numbered.number)),
        files=version.files if version.shape == "folder" else None,
    )
