"""Whom damage hits: the versions, runs and evaluations that need an object, the versions of cached data."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.ids import short
from mlctl.domain.model import ModelVersion
from mlctl.domain.names import Names
from mlctl.domain.records import Fact
from mlctl.store.evicted import evicted_notes
from mlctl.store.references import references
from mlctl.store.verify_cache import CacheFound, Hit

_SHOWN = 5
Facts = Mapping[tuple[str, str], Fact]
"""(kind, digest) to the fact."""


def label_of(kind: str, digest: str, fact: Fact, names: Names | None) -> str:
    """What people call a fact: "rides@3", "demand@7", "run 01JD8..."."""
    if isinstance(fact, (DatasetVersion, ModelVersion)):
        name = fact.name if isinstance(fact, DatasetVersion) else fact.model
        number = names.number_of(f"{kind}/{name}", digest) if names is not None else None
        return f"{name}@{number}" if number is not None else f"a withdrawn version of {name}"
    run = getattr(fact, "run", None)
    return f"run {run}" if kind == "runs" and run else f"{kind}/{short(digest)}"


def needing(objects: set[str], facts: Facts, names: Names | None) -> dict[str, tuple[str, ...]]:
    """The labels of the first few facts that need each of these objects."""
    found: dict[str, list[str]] = {digest: [] for digest in objects}
    for (kind, digest), fact in facts.items() if objects else ():
        for named in (*references(fact).objects, *references(fact).manifests):
            if named in found and len(found[named]) < _SHOWN:
                found[named].append(label_of(kind, digest, fact, names))
    return {digest: tuple(dict.fromkeys(labels)) for digest, labels in found.items()}


def said_of(hit: Hit) -> str:
    """A hit in words: "; hits rides@3 (data/rides.csv)", or nothing where no version needs it."""
    if not hit.versions:
        return ""
    return f"; hits {', '.join(hit.versions)} ({', '.join(hit.places)})"


def _absent_notes(missing: Iterable[Hit]) -> Iterator[str]:
    """One line a dataset version whose data are not here."""
    counts: dict[str, int] = {}
    for hit in missing:
        for label in hit.versions[:1] or ("an unknown version",):
            counts[label] = counts.get(label, 0) + 1
    for label, count in counts.items():
        files = "file of it is" if count == 1 else "files of it are"
        yield f"{label}: {count:,} {files} not in the cache; the remote has to hold them"


def absent(
    found: CacheFound, evicted: Mapping[str, str], note: Callable[[str], None], *, fetchable: bool
) -> tuple[Hit, ...]:
    """What is missing and may be lost; what is missing and no fault is noted.

    Args:
        found: in the cache.
        evicted: md5 of what `data evict` removed, to the URL of the remote that had it.
        note: takes a sentence.
        fetchable: a remote may have what is missing.
    """
    lost = tuple(hit for hit in found.missing if hit.md5 not in evicted)
    for text in evicted_notes((hit.md5 for hit in found.missing), evicted):
        note(text)
    for text in _absent_notes(lost) if fetchable else ():
        note(text)
    return () if fetchable else lost
