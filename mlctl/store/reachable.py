"""Which facts and objects of a repository something needs; the rest is garbage.

It errs on the side of too much: every text that looks like a digest counts, in decisions (undone ones too),
pending entries, live runs and predictions, and in every fact and JSON object that is reached.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.ids import Digest, is_digest
from mlctl.domain.progress import Event, Report, silent
from mlctl.domain.removal import Removal
from mlctl.domain.repeat import Repeat
from mlctl.domain.reproduction import Reproduction
from mlctl.store.fact_files import fact_names
from mlctl.store.references import subject_of
from mlctl.store.repository import Repository
from mlctl.store.trash import files_below

_DIGEST = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_COLLECTED = {"datasets", "labels", "models"}  # they count once a decision or another fact names them
_WITH_SUBJECT: dict[str, type[Removal | Repeat | Reproduction]] = {
    shape.kind: shape for shape in (Removal, Repeat, Reproduction)
}  # they count as long as the fact that they are about does
_LARGE = 8 << 20  # bytes; a longer object is a table or a model, and lists nothing
_STEP = 512
_WORK = "program"  # in the folder of a run that goes on: what a program was handed and writes names nothing


class Reachable(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed.

    Attributes:
        facts: digests of facts.
        objects: of objects, as 32 bytes each.
        versions: the dataset versions among the facts.
    """

    facts: set[str]
    objects: set[bytes]
    versions: tuple[tuple[Digest, DatasetVersion], ...]


def reachable(repository: Repository, report: Report = silent) -> Reachable:
    """Find out.

    Raises:
        Corrupt, Missing: a fact or a manifest on the way is damaged, so what it needs cannot be told.
    """
    layout = repository.layout
    kinds: dict[str, str] = {
        digest: folder.name
        for folder in (sorted(layout.facts.iterdir()) if layout.facts.exists() else ())
        if folder.is_dir()
        for digest in fact_names(folder)
    }
    queue: set[str] = {
        digest for digest, kind in kinds.items() if kind not in _COLLECTED | set(_WITH_SUBJECT)
    }
    for folder in (layout.decisions, layout.store / "pending", layout.store / "live"):
        queue |= named_below(folder)
    facts: set[str] = set()
    objects: set[bytes] = set()
    versions: list[tuple[Digest, DatasetVersion]] = []
    waiting = {
        digest: _subject(repository, kind, digest) for digest, kind in kinds.items() if kind in _WITH_SUBJECT
    }
    while queue or (queue := {one for one, of in waiting.items() if of in facts and one not in facts}):
        digest = queue.pop()
        kind = kinds.get(digest)
        if kind is not None and digest not in facts:
            facts.add(digest)
            queue |= _digests(layout.fact(kind, digest)) - facts
            if kind == DatasetVersion.kind:
                version = repository.facts.get(DatasetVersion, digest)
                versions.append((Digest(digest), version))
                objects.update(_manifest(repository, version))
            if len(facts) % _STEP == 0:
                report(Event(step="look what is needed", done=len(facts), unit="facts"))
        key = bytes.fromhex(digest)
        if key not in objects and repository.objects.has(digest):
            objects.add(key)
            queue |= {
                named for named in _listed(layout.object(digest)) if bytes.fromhex(named) not in objects
            }
    return Reachable(facts=facts, objects=objects, versions=tuple(versions))


def named_below(folder: Path) -> set[str]:
    """All that plain files below a folder name; the work of programs is left alone, links to nothing too."""
    found: set[str] = set()
    for path in files_below(folder):
        if _WORK not in path.relative_to(folder).parts and path.is_file():
            found |= _digests(path)
    return found


def _subject(repository: Repository, kind: str, digest: str) -> str:
    return subject_of(repository.facts.get(_WITH_SUBJECT[kind], digest))[1]


def unreached_facts(repository: Repository, needed: Reachable) -> Iterator[Path]:
    """Files of facts that nothing needs."""
    for kind in sorted(_COLLECTED | set(_WITH_SUBJECT)):
        folder = repository.layout.facts / kind
        yield from (
            repository.layout.fact(kind, digest)
            for digest in sorted(fact_names(folder))
            if digest not in needed.facts
        )


def unreached_objects(repository: Repository, needed: Reachable) -> Iterator[Path]:
    """Files of objects that nothing needs."""
    top = repository.layout.objects
    for folder in sorted(top.iterdir()) if top.exists() else ():
        if folder.is_dir():
            for path in sorted(folder.iterdir()):
                if is_digest(path.name) and bytes.fromhex(path.name) not in needed.objects:
                    yield path


def _manifest(repository: Repository, version: DatasetVersion) -> Iterator[bytes]:
    if version.shape == "folder":
        yield from (bytes.fromhex(digest) for digest in repository.manifests.objects(version.sha256))


def _listed(path: Path) -> set[str]:
    """What an object that is JSON names."""
    with path.open("rb") as file:
        start = file.read(1)
        return _digests(path) if start in {b"{", b"["} and path.stat().st_size < _LARGE else set()


def _digests(path: Path) -> set[str]:
    try:
        return {found.decode() for found in _DIGEST.findall(path.read_bytes())}
    except FileNotFoundError:  # sealed or finished meanwhile; what it became is newer than any grace
        return set()
