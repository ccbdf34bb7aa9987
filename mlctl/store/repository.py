"""A repository: everything under `.mlctl/`, opened in one place."""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.decision import Actor, Change, Draft
from mlctl.domain.errors import AlreadyExists, NoRepository
from mlctl.domain.ids import is_digest
from mlctl.domain.names import Names
from mlctl.domain.progress import Event, Report, silent
from mlctl.domain.refs import REPOSITORY
from mlctl.domain.run import Run
from mlctl.store.decisions import INIT, Decisions
from mlctl.store.fact_files import read_facts
from mlctl.store.facts import Facts
from mlctl.store.files import Files, explained
from mlctl.store.identity import identity_of, new_identity, read_format, read_identity, write_format
from mlctl.store.index import Index
from mlctl.store.layout import FOLDER, Layout
from mlctl.store.let_go import promised, secure
from mlctl.store.manifests import Manifests
from mlctl.store.objects import Objects
from mlctl.store.own_code import OwnCode
from mlctl.store.predictions import PredictionLog
from mlctl.store.references import SHAPES, references
from mlctl.store.rooms import room
from mlctl.store.runs import LiveRuns
from mlctl.store.work_tree import is_apart, layout_of

if TYPE_CHECKING:
    from mlctl.store.labels import LabelStore
    from mlctl.store.run_table import RunTable


class Repository:
    """The store of one project.

    Attributes:
        root: the folder that holds `.mlctl/`.
        id: the repository's, the same in every clone.
        layout: where things stand.
        report: told of what takes long: a table that is made anew.
    """

    def __init__(self, root: Path) -> None:
        """Open the repository that stands in `root`.

        Raises:
            FormatTooNew: a newer mlctl wrote it.
            Corrupt: its format or configuration file is damaged.
        """
        self.root = root
        self.layout = layout_of(root) or Layout(root / FOLDER)
        read_format(self.layout.format)
        self.id = identity_of(self.layout)
        self.files = Files(self.layout.tmp)
        self.objects = Objects(self.layout, self.files)
        self.manifests = Manifests(self.objects)
        self.report: Report = silent
        self.index = Index(self.layout, _indexed, self._tell)
        self.facts = Facts(self.layout, self.files, self.index)
        self.decisions = Decisions(self.layout, self.files, self._named, lambda draft: secure(self, draft))
        self.runs = LiveRuns(self.layout)
        self.own_code = OwnCode(self.layout)

    @cached_property
    def run_table(self) -> "RunTable":
        """What lists of runs are made of; its module is imported when it is asked for."""
        table: RunTable = room("run_table").RunTable(
            self.layout, lambda digests: self.facts.many(Run, digests), self._tell
        )
        return table

    @property
    def partial(self) -> bool:
        """Whether facts are here for some names alone: `clone --only`."""
        joined = self.decisions.pending.joined()
        return joined is not None and bool(joined.only)

    @cached_property
    def predictions(self) -> PredictionLog:
        """What was answered."""
        return PredictionLog(self.layout, self.files, self.objects, self.facts, self.index)

    @cached_property
    def labels(self) -> "LabelStore":
        """What turned out to be true."""
        store: LabelStore = room("labels").LabelStore(self.objects, self.facts)
        return store

    @classmethod
    def find(cls, start: Path) -> "Repository":
        """The repository in `start` or the nearest folder above it.

        Raises:
            NoRepository: there is none.
            FormatTooNew, Corrupt: as the constructor.
        """
        start = start.absolute()
        for folder in (start, *start.parents):
            if layout_of(folder) is not None:
                return cls(folder)
            if is_apart(folder):
                break
        brought = next((one for one in (start, *start.parents) if _follows(Layout(one / FOLDER))), None)
        if brought is not None:
            raise NoRepository(
                f"{brought} is a clone whose decisions and facts have not been brought yet",
                "mlctl pull",
                "mlctl fetch",
                start=str(start),
            )
        raise NoRepository(f"no mlctl repository in {start} or above it", "mlctl init", start=str(start))

    @classmethod
    def create(cls, root: Path, *, actor: Actor, command: str, now: Callable[[], str]) -> "Repository":
        """Make a repository in `root`; where creation was cut short, finish it.

        A `config.toml` that is there already (from git) gives the id.

        Raises:
            AlreadyExists: a complete one stands there.
        """
        root = root.absolute()
        layout = Layout(root / FOLDER)
        if layout.format.exists():
            raise AlreadyExists(
                f"{layout.store} is a repository already", "mlctl status", path=str(layout.store)
            )
        with explained(layout.store):
            for folder in layout.folders():
                folder.mkdir(parents=True, exist_ok=True)
        files = Files(layout.tmp)
        if not layout.config.exists():
            room("config_file").write_config(files, layout.config, {"id": new_identity()})
        identity = read_identity(layout.config)
        decisions = Decisions(layout, files, lambda _draft: [])

        def first(names: Names) -> Draft | None:
            if names.head:
                return None
            return Draft(kind=INIT, changes=(Change(name=REPOSITORY, old=None, new=identity),))

        decisions.commit(first, actor=actor, command=command, now=now)
        write_format(files, layout.format)  # last: from here on it is a repository
        return cls(root)

    def _tell(self, event: Event) -> None:
        self.report(event)

    def flush(self) -> None:
        """Put everything that was written so far on the disk: for facts that no decision names."""
        self.files.flush()

    def _named(self, draft: Draft) -> list[Path]:
        """Files of all facts and objects that a draft names, directly or through facts, for one flush.

        Raises:
            Missing: a stage would hold a version whose files are gone.
        """
        found: dict[Path, None] = dict.fromkeys(promised(self, draft))
        queue = [text for text in _texts(msgspec.to_builtins(draft)) if is_digest(text)]
        seen: set[str] = set()
        while queue:
            digest = queue.pop()
            if digest in seen:
                continue
            seen.add(digest)
            if self.objects.has(digest):
                found[self.layout.object(digest)] = None
            for kind, shape in SHAPES.items():
                path = self.layout.fact(kind, digest)
                if path.exists():
                    found[path] = None
                    named = references(self.facts.get(shape, digest))
                    queue += named.objects
                    for manifest in named.manifests:
                        queue += self.manifests.objects(manifest)
                    if shape is not DatasetVersion:  # its parent was flushed for a decision of its own
                        queue += [name for _kind, name in named.facts]
        return list(found)


def _indexed(folder: Path, digests: Iterable[str]) -> Iterator[tuple[str, Any]]:
    return read_facts(folder, digests, SHAPES.get(folder.name, dict))


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in _texts(item)]
    return []


def _follows(layout: Layout) -> bool:
    """Whether git has brought settings that name a remote."""
    try:
        return "[remotes." in layout.config.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
