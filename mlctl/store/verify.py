"""Verifies every byte under `.mlctl/`: each file against its name, and each name against what it needs.

Nothing is changed but caches that are damaged (they are removed and made anew) and leftovers of dead
processes. Safe while others write: what is named was always stored before what names it.
"""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.decision import BrokenLog, Committed, Folding, repository_of
from mlctl.domain.errors import Corrupt, FormatTooNew, Missing, MlctlError, PermissionRefused
from mlctl.domain.ids import is_digest
from mlctl.domain.progress import Event, Report, silent
from mlctl.domain.records import Fact, encode
from mlctl.domain.sharing import spoken
from mlctl.store.checkpoint import Checkpoints
from mlctl.store.decision_files import read_decision
from mlctl.store.evicted import Evicted
from mlctl.store.fact_files import fact_names, read_fact
from mlctl.store.identity import read_format, read_identity
from mlctl.store.joining import finish
from mlctl.store.layout import file_number
from mlctl.store.objects import file_digest
from mlctl.store.references import SHAPES, references
from mlctl.store.removed import Excuses
from mlctl.store.repository import Repository
from mlctl.store.segment import read_segment, segments
from mlctl.store.verify_cache import Hit, verify_cache
from mlctl.store.verify_hits import absent, label_of, needing, said_of
from mlctl.store.verify_index import index_differs, wrong_with
from mlctl.store.verify_pending import adopted, verify_pending

if TYPE_CHECKING:
    from mlctl.domain.names import Names

_LINES = 256  # steps between two progress events


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is damaged or missing.

    Attributes:
        path: of the file, relative to the project.
        kind: "corrupt" or "missing".
        what: what is wrong with it, and who names it.
        md5: of data in DVC's cache; else "".
        places: where dataset versions have those data, relative to the project.
    """

    path: str
    kind: str
    what: str
    md5: str = ""
    places: tuple[str, ...] = ()


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """All that was found.

    Attributes:
        checked: how many of each kind of thing were looked at.
        swept: leftovers of dead processes that were removed, relative to the project.
        notes: what is worth knowing and no fault.
    """

    checked: dict[str, int]
    problems: tuple[Problem, ...]
    swept: tuple[str, ...]
    notes: tuple[str, ...]


def verify(
    repository: Repository,
    cache: Path,
    report: Report = silent,
    *,
    quick: bool = False,
    fetchable: bool = False,
) -> Verification:
    """Verify a whole repository.

    Args:
        repository: the one to verify.
        cache: DVC's cache folder. If it is the repository's own, all its files are verified; of another one
            only those that dataset versions name.
        report: receives progress events.
        quick: the bytes of objects and cached data are not read.
        fetchable: a remote may have the data that are not here: no fault.
    """
    work = _Work(repository, report)
    with suppress(
        Corrupt, PermissionRefused
    ):  # what is damaged is found below; a read-only disk stays as it is
        finish(repository.layout, repository.files, repository.decisions.pending)
    indexed = work.index_content()
    work.identity()
    work.decisions()
    work.pending()
    work.facts()
    work.objects(quick=quick)
    work.predictions()
    work.index(indexed)
    work.cache(cache, quick=quick, fetchable=fetchable)
    work.live()
    swept = tuple(work.relative(path) for path in repository.files.sweep())
    problems = tuple(sorted(set(work.problems), key=lambda one: (one.path, one.kind, one.what)))
    return Verification(checked=work.checked, problems=problems, swept=swept, notes=tuple(work.notes))


class _Work:
    """One verification while it goes on."""

    def __init__(self, repository: Repository, report: Report) -> None:
        self.repository = repository
        self.layout = repository.layout
        self.report = report
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.checked: dict[str, int] = {}
        self.read_facts: dict[tuple[str, str], Fact] = {}
        self.names: Names | None = None
        self.excuses = Excuses(repository)
        self._only: tuple[str, ...] = ()
        with suppress(Corrupt):
            if (joined := repository.decisions.pending.joined()) is not None:
                self._only = joined.only

    def relative(self, path: Path) -> str:
        """The path as it is reported."""
        root = self.repository.root
        return str(path.relative_to(root) if path.is_relative_to(root) else path)

    def add(self, path: Path, kind: str, what: str) -> None:
        """Report a problem."""
        self.problems.append(Problem(path=self.relative(path), kind=kind, what=what))

    def said(self, path: Path, error: Exception) -> None:
        """Report what an error says."""
        kind = "missing" if isinstance(error, (Missing, FileNotFoundError)) else "corrupt"
        self.add(path, kind, error.message if isinstance(error, MlctlError) else str(error))

    def counted(self, what: str, items: Iterable[Any]) -> Iterable[Any]:
        """Go through items, counted and reported."""
        known = list(items)
        self.checked[what] = self.checked.get(what, 0) + len(known)
        for done, item in enumerate(known, 1):
            if done % _LINES == 0 or done == len(known):
                self.report(Event(step=f"verify {what}", done=done, total=len(known), unit=what))
            yield item

    def identity(self) -> None:
        """The format and configuration files."""
        for path, read in ((self.layout.format, read_format), (self.layout.config, read_identity)):
            self.checked["settings"] = self.checked.get("settings", 0) + 1
            try:
                read(path)
            except (MlctlError, OSError) as error:
                self.said(path, error)

    def decisions(self) -> None:
        """The log, its chain, its fold, and the checkpoints of it."""
        folding: Folding | None = Folding()
        folds: dict[int, bytes] = {}
        checkpoints = Checkpoints(self.layout, self.repository.files, self.repository.decisions.names_until)
        wanted = set(checkpoints.numbers())
        numbers = {number for path in self.layout.decisions.glob("*") if (number := file_number(path.name))}
        for number in self.counted("decisions", range(1, max(numbers, default=0) + 1)):
            committed = self._decision(number)
            if committed is None:
                folding = None
                continue
            folding = self._folded(committed, folding)
            if number == 1:
                self._first(committed)
            if folding is not None and number in wanted:
                folds[number] = encode(folding.names)
            self._needs(committed)
        self.names = folding.names if folding is not None else None
        if not numbers:
            self.add(self.layout.decision(1), "missing", "the log has no first decision")
        for number in self.counted("checkpoints", sorted(wanted)):
            self._checkpoint(checkpoints, number, folds.get(number), head=max(numbers, default=0))

    def _decision(self, number: int) -> Committed | None:
        path = self.layout.decision(number)
        try:
            return read_decision(path, number, path.read_bytes())
        except FileNotFoundError:
            self.add(path, "missing", f"decision {number} is missing from the log")
        except (Corrupt, FormatTooNew) as error:
            self.said(path, error)
        return None

    def _folded(self, committed: Committed, folding: Folding | None) -> Folding | None:
        """The fold after the entry; None once the chain is broken: nothing can be said of what follows."""
        try:
            if folding is not None:
                folding.add(committed)
        except BrokenLog as error:
            self.add(self.layout.decision(committed.entry.number), "corrupt", str(error))
            return None
        return folding

    def pending(self) -> None:
        """The chain of what waits for publication."""
        waiting, settled, found = verify_pending(self.layout, self._needs)
        for what, entries in (("pending", waiting), ("settled", settled)):
            if entries:
                self.checked[what] = entries
        for path, wrong in found:
            if isinstance(wrong, Exception):
                self.said(path, wrong)
            else:
                self.add(path, "corrupt", wrong)

    def _first(self, committed: Committed) -> None:
        said, own = repository_of(committed.entry), self.repository.id
        if said not in {own, adopted(self.layout)}:
            self.add(self.layout.config, "corrupt", f"its id {own} is not decision 1's, {said}")

    def _needs(self, committed: Committed) -> None:
        """What the names of an entry mean must be there, and what it says it needs."""
        entry = committed.entry
        for change in entry.changes:
            kind = {"stages": "models"}.get(head := change.name.split("/")[0], head)
            if change.new is not None and kind in SHAPES and not self._has_fact(kind, change.new):
                self._absent(
                    self.layout.fact(kind, change.new), f"decision {spoken(entry.number)}, {change.name}"
                )
        for digest in entry.needs:
            stands = self.repository.objects.has(digest) or any(
                self._has_fact(kind, digest) for kind in SHAPES
            )
            if not stands:
                self._absent(self.layout.object(digest), f"decision {spoken(entry.number)}, which needs it")

    def _has_fact(self, kind: str, digest: str) -> bool:
        return self.layout.fact(kind, digest).exists()

    def _absent(self, path: Path, by: str) -> None:
        if not self._only:  # else the rest was left where it is
            self.add(path, "missing", f"named by {by}")

    def _checkpoint(self, checkpoints: Checkpoints, number: int, fold: bytes | None, head: int) -> None:
        path, wrong = self.layout.checkpoint(number), None
        try:
            if encode(checkpoints.whole(number)) != fold and fold is not None:
                wrong = "it is not the fold of the log"
        except FileNotFoundError:
            return  # replaced by a newer one meanwhile
        except MlctlError as error:
            wrong = error.message
        if wrong is not None:
            self.add(path, "corrupt", f"{wrong} (a cache: removed, it will be made anew)")
            path.unlink(missing_ok=True)
        elif number > head:
            self._absent(self.layout.decision(number), f"checkpoint {self.relative(path)}")

    def facts(self) -> None:
        """Every fact against its name, and what it names."""
        for kind in sorted({*SHAPES, *(path.name for path in self.layout.facts.glob("*") if path.is_dir())}):
            folder = self.layout.facts / kind
            self._strays(folder, lambda path: path.suffix == ".json" and is_digest(path.stem))
            for digest in self.counted("facts", sorted(fact_names(folder))):
                path = self.layout.fact(kind, digest)
                try:
                    fact = read_fact(path, digest, SHAPES.get(kind, dict))
                except (MlctlError, OSError) as error:
                    self.said(path, error)
                    continue
                if isinstance(fact, Fact):
                    self.read_facts[kind, digest] = fact
                    self._references(path, digest, fact)

    def _references(self, path: Path, subject: str, fact: Fact) -> None:
        named = references(fact)
        for digest in named.objects:
            if not self.repository.objects.has(digest) and not self.excuses.excused(subject, digest):
                self._absent(self.layout.object(digest), self.relative(path))
        for digest in named.manifests:
            self._chunks(digest)
        for kind, digest in named.facts:
            if not self._has_fact(kind, digest):
                self._absent(self.layout.fact(kind, digest), self.relative(path))

    def _chunks(self, manifest: str) -> None:
        """What a manifest lists must be there; where itself is damaged or missing, that is said elsewhere."""
        with suppress(MlctlError):
            for digest in self.repository.manifests.objects(manifest):
                if digest != manifest and not self.repository.objects.has(digest):
                    self._absent(self.layout.object(digest), self.relative(self.layout.object(manifest)))

    def _strays(self, folder: Path, expected: Any) -> None:
        if folder.exists():
            for path in sorted(folder.iterdir()):
                if not expected(path):
                    self.notes.append(f"{self.relative(path)} is not mlctl's")

    def objects(self, *, quick: bool) -> None:
        """Every object against its name."""
        damaged: set[str] = set()
        folders = [path for path in sorted(self.layout.objects.glob("*")) if path.is_dir()]
        self._strays(self.layout.objects, lambda path: path.is_dir())
        for path in self.counted(
            "objects", [path for folder in folders for path in sorted(folder.iterdir())]
        ):
            if not is_digest(path.name) or path.parent.name != path.name[:2]:
                self.notes.append(f"{self.relative(path)} is not mlctl's")
                continue
            try:
                if not quick and file_digest(path) != path.name:
                    damaged.add(path.name)
            except OSError as error:
                self.said(path, error)
        for digest, labels in needing(damaged, self.read_facts, self.names).items():
            whom = f"; hits {', '.join(labels)}" if labels else ""
            what = f"its bytes do not have the sha256 it is named by{whom}"
            self.add(self.layout.object(digest), "corrupt", what)

    def predictions(self) -> None:
        """Every line of every live segment."""
        folder = self.layout.live_predictions
        models = [path for path in sorted(folder.iterdir()) if path.is_dir()] if folder.exists() else []
        for path in self.counted("segments", [path for model in models for path in segments(model)]):
            try:
                content = read_segment(path.read_bytes())
            except FileNotFoundError:
                continue  # sealed meanwhile
            for damage in content.damages:
                self.add(path, "corrupt", f"line {damage.line}: {damage.what}")
            if content.torn:
                what = f"ends in {content.torn} bytes of a write that was never acknowledged"
                self.notes.append(f"{self.relative(path)} {what}")

    def index_content(self) -> dict[str, list[tuple[Any, ...]]] | str | None:
        """What the index says before anything heals it: its rows or what is wrong; None: no index."""
        return self.repository.index.raw()

    def index(self, content: dict[str, list[tuple[Any, ...]]] | str | None) -> None:
        """The index against the facts; any other index is only asked whether it is whole."""
        path = self.repository.index.path
        wrong = content if isinstance(content, str) else None
        if isinstance(content, dict):
            wrong = index_differs(self.layout, content, self.read_facts)
        if wrong is not None:
            self.add(path, "corrupt", f"{wrong} (an index: removed, it will be made anew)")
            self.repository.index.discard()
        for other in sorted(self.layout.index.glob("*.sqlite")):
            self.checked["indexes"] = self.checked.get("indexes", 0) + 1
            if other != path and (wrong := wrong_with(other, self.layout, self.read_facts)) is not None:
                self.add(other, "corrupt", f"{wrong} (an index: removed, it will be made anew)")
                other.unlink(missing_ok=True)

    def cache(self, folder: Path, *, quick: bool, fetchable: bool) -> None:
        """DVC's cache: its files against their md5, and that every dataset version is there."""
        versions = [
            (label_of(kind, digest, fact, self.names), fact)
            for (kind, digest), fact in self.read_facts.items()
            if isinstance(fact, DatasetVersion)
        ]
        found = verify_cache(
            folder,
            versions,
            lambda version: self.repository.manifests.entries(version.sha256),
            everything=folder.absolute() == self.layout.cache.absolute(),
            quick=quick,
            told=lambda files: self._told("cached files", files),
        )
        self.checked["cache_files"] = found.files
        evicted = Evicted(self.layout, self.repository.files).where()
        for hit in found.damaged:
            self._hit(hit, "corrupt", "its bytes do not have the md5 it is named by")
        for hit in absent(found, evicted, self.notes.append, fetchable=fetchable):
            self._hit(hit, "missing", "it is not in the cache")
        for label in found.unequal:
            self.add(folder, "corrupt", f"the listing of {label} is not what its manifest says")
        if found.writable:
            self.notes.append(f"writable files in the cache, which dvc hashes again: {found.writable:,}")

    def _told(self, what: str, done: int) -> None:
        if done % _LINES == 0:
            self.report(Event(step=f"verify {what}", done=done, unit="files"))

    def _hit(self, hit: Hit, kind: str, what: str) -> None:
        path, what = self.relative(hit.path), f"{what}{said_of(hit)}"
        self.problems.append(Problem(path=path, kind=kind, what=what, md5=hit.md5, places=hit.places))

    def live(self) -> None:
        """Runs whose process is gone: no fault, but worth knowing."""
        killed = self.repository.runs.killed()
        self.checked["broken_off_runs"] = len(killed)
        for run in killed:
            self.notes.append(f"run {run.run} was killed before it was finished: {self.relative(run.folder)}")
