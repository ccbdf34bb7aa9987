"""The real fetch and push on real folders under a random schedule.

While one repository talks to the remote, any other may act between two of its requests (and other processes
of the same one may decide); requests fail, puts arrive late, processes die at requests and between two files
that they link or rename; folders are copied and restored.
"""

import os
import random
import shutil
from contextlib import suppress
from pathlib import Path

from mlctl.domain.decision import Change, Draft
from mlctl.domain.errors import Locked, NameMoved, NotFound, Unreachable, UsageError
from mlctl.domain.ids import Digest
from mlctl.domain.model import ModelVersion, Signature
from mlctl.domain.names import Names
from mlctl.domain.requests.undo import UndoRequest
from mlctl.domain.sharing import is_pending
from mlctl.project.session import Session
from mlctl.sharing.rounds import Ways, fetch, push
from mlctl.sharing.shared_log import SharedLog
from mlctl.store.locks import sharing
from mlctl.store.pending import Dropped
from mlctl.store.references import SHAPES
from mlctl.store.repository import Repository
from mlctl.store.verify import verify
from mlctl.verbs.undo import undo
from tests.sharing.memory import Bucket, MemoryStore
from tests.store import full

DEEP = 2


class Killed(BaseException):
    """The process dies here."""


class Reality:
    """Repositories in a folder, one bucket."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - schedules are to be repeated
        self.bucket = Bucket()
        self.folder = folder
        self.roots: list[Path] = []
        self.decided: dict[Path, dict[str, tuple[str, ...]]] = {}
        self.dropped: dict[Path, set[str]] = {}
        self.copied: set[str] = set()
        self.depth = 0
        self.quiet = False
        self.count = 0
        self.backups: dict[Path, Path] = {}
        self.killing = 0.0
        first = self.folder / "r0"
        repository = Repository.create(first, actor=full.ACTOR, command="init", now=lambda: full.T)
        self._known(first)
        for number in range(1, 3):  # clones of one git repository: the same id, a log of their own
            root = self.folder / f"r{number}"
            (root / ".mlctl").mkdir(parents=True)
            shutil.copy(repository.layout.config, root / ".mlctl" / "config.toml")
            Repository.create(root, actor=full.ACTOR, command="init", now=lambda: full.T)
            self._known(root)

    def _known(self, root: Path) -> None:
        self.roots.append(root)
        self.decided[root], self.dropped[root] = {}, set()

    # --- what people do

    def act(self, root: Path | None = None) -> None:
        """Something, somewhere."""
        where = root or self.chance.choice(self.roots)
        what = self.chance.choice(
            ["version"] * 3 + ["promote"] * 3 + ["undo", "drop", "fetch"] + ["push"] * 4
        )
        with suppress(Killed, Unreachable, Locked, NameMoved):
            getattr(self, what)(Repository.find(where), where)

    def version(self, repository: Repository, root: Path) -> None:
        self.count += 1
        fact = self._model(repository)

        def prepare(names: Names) -> Draft:
            change = Change(name=f"models/m/{names.next_number('models/m')}", old=None, new=fact)
            return Draft(kind="train", changes=(change,), needs=(fact,))

        self._commit(repository, root, prepare)

    def promote(self, repository: Repository, root: Path) -> None:
        def prepare(names: Names) -> Draft | None:
            standing = sorted(names.versions("models/m").values())
            if not standing:
                return None
            new, old = self.chance.choice(standing), names.value("stages/m/production")
            change = Change(name="stages/m/production", old=old, new=new)
            return None if new == old else Draft(kind="promote", changes=(change,), needs=(new,))

        self._commit(repository, root, prepare)

    def undo(self, repository: Repository, root: Path) -> None:
        with suppress(NotFound, UsageError):
            made = undo(Session(repository, actor=full.ACTOR), UndoRequest())
            committed = repository.decisions.pending.held(made.data.decision or 0)
            if committed is not None:
                self.decided[root][committed.entry.id] = ()

    def drop(self, repository: Repository, root: Path) -> None:
        with sharing(repository.layout, patience=0):
            waiting = repository.decisions.waiting()
            if not waiting:
                return
            held = self.chance.choice(waiting)
            if repository.decisions.in_doubt(held):
                return
            mark = Dropped(at=full.T, actor=full.ACTOR, command="drop")
            repository.decisions.pending.mark_dropped(held.entry.number, mark)
            self.dropped[root].add(held.entry.id)

    def fetch(self, repository: Repository, root: Path) -> None:
        with sharing(repository.layout, patience=0):
            fetch(repository, self._store(root))

    def push(self, repository: Repository, root: Path) -> None:
        ways = Ways(check=lambda _entry, _names: None, now=lambda: full.T, upload=lambda _md5s: None)
        with sharing(repository.layout, patience=0):
            push(repository, self._store(root), ways)

    def _commit(self, repository: Repository, root: Path, prepare) -> None:
        committed = repository.decisions.commit(prepare, actor=full.ACTOR, command="", now=lambda: full.T)
        if committed is not None:
            self.decided[root][committed.entry.id] = committed.entry.needs

    def _model(self, repository: Repository) -> Digest:
        fact = ModelVersion(
            created_at=full.T, model="m", run=full.new_id(self.count), flavor="f", artefacts=(),
            estimator="e", parameters={"n": self.count}, features=(), rows=1, datasets=(),
            signature=Signature(inputs=(), target="t", target_type="integer", task="regression"),
            learnt_keys=repository.objects.put(b"keys %d" % self.count),
        )  # fmt: skip
        return repository.facts.add(fact)

    def _store(self, root: Path) -> MemoryStore:
        def between(_what: str, _key: str) -> None:
            if self.quiet:
                return
            fate = self.chance.random()
            if fate < 0.02:
                raise Unreachable("no answer", in_doubt=False)
            if fate < 0.03:
                raise Killed
            if fate < 0.08:
                self.bucket.arrive(self.chance)
            elif fate < 0.3 and self.depth < DEEP:
                self.depth += 1
                others = [one for one in self.roots if one != root]
                self.act(root if self.chance.random() < 0.3 else self.chance.choice(others))
                self.depth -= 1

        def fate() -> str:
            if self.quiet:
                return "fine"
            return self.chance.choices(["fine", "lost", "late", "never"], [70, 10, 12, 8])[0]

        return MemoryStore(self.bucket, between, fate)

    # --- what happens to folders

    def disturb(self) -> None:
        where = self.chance.choice(self.roots)
        held = {one.entry.id for one in Repository.find(where).decisions.pending.everything()}
        act = self.chance.randrange(3)
        if act == 0 and len(self.roots) < 5:
            made = self.folder / f"r{len(self.roots)}"
            shutil.copytree(where, made, symlinks=True)
            self._known(made)
            self.copied |= held
        elif act == 1:
            kept = self.folder / f"backup-{where.name}"
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(where, kept, symlinks=True)
            self.backups[where] = kept
        elif where in self.backups:
            shutil.rmtree(where)
            shutil.copytree(self.backups[where], where, symlinks=True)
            now = {one.entry.id for one in Repository.find(where).decisions.pending.everything()}
            self.copied |= held | now
            self.decided[where] = {i: n for i, n in self.decided[where].items() if i in now}

    def run(self, steps: int) -> None:
        for _ in range(steps):
            if self.chance.random() < 0.06:
                self.disturb()
            else:
                self.act()
            self.check()
        self.quiet = True
        while self.bucket.late:
            self.bucket.arrive(self.chance)
        for _round in range(20):  # what waits may follow again after what another one publishes
            before = len(self.bucket.held)
            for root in self.roots:
                self.push(Repository.find(root), root)
            if len(self.bucket.held) == before:
                break
        for root in self.roots:
            self.fetch(Repository.find(root), root)
        self.check(whole=True)

    # --- what must hold

    def check(self, *, whole: bool = False) -> None:
        log = SharedLog(MemoryStore(self.bucket))
        shared = log.after(0)
        names = log.follow(Names(), shared)
        ids = [one.entry.id for one in shared]
        assert len(set(ids)) == len(ids), "an entry was published twice"
        numbers = [key for key in self.bucket.held if key.startswith("mlctl/decisions/")]
        assert len(numbers) == len(shared), "the shared log has a gap"
        for name, value in names.under("").items():
            kind = {"stages": "models"}.get(name.split("/")[0], name.split("/")[0])
            if kind in SHAPES:
                assert f"mlctl/facts/{kind}/{value}.json" in self.bucket.held, f"{name} dangles on the remote"
        given: dict[str, str] = {}
        for one in shared:
            for change in one.entry.changes:
                if change.new is not None and change.name.startswith("models/"):
                    assert given.setdefault(change.name, change.new) == change.new, (
                        "a number has two meanings"
                    )
        for root in self.roots:
            self._check(root, set(ids), whole=whole)

    def _check(self, root: Path, published: set[str], *, whole: bool) -> None:
        repository = Repository.find(root)
        decisions = repository.decisions
        names, made = decisions.names(), decisions.overlay()
        held = {one.entry.id: one for one in decisions.pending.everything()}
        own = {decisions.get(number).entry.id for number in range(1, decisions.shared().head + 1)}
        for made_id in self.decided[root]:
            assert made_id in held or made_id in own, f"{root.name} has lost a decision"
        for gone in self.dropped[root] - self.copied:
            assert gone not in published, f"{root.name}: dropped and published"
        stage = names.value("stages/m/production")
        assert stage is None or stage in names.versions("models/m").values(), (
            f"{root.name}: the stage dangles"
        )
        for value in names.versions("models/m").values():
            assert repository.layout.fact("models", value).exists(), f"{root.name}: a fact is not here"
        if not whole:
            return
        assert verify(repository, repository.layout.cache).problems == ()
        assert decisions.shared().head == len(published), f"{root.name} has not caught up"
        assert own == published
        assert made is not None
        assert not made.placed, f"{root.name}: {list(made.placed)} is neither published nor waiting"
        assert all(is_pending(number) for number in made.waiting)


def dying(world: Reality, likely: float):
    """`os.link` and `Path.rename` that now and then kill the process instead, or right after."""
    link, rename = os.link, Path.rename

    def killing(real):
        def act(*args, **kwargs):
            if not world.quiet and world.chance.random() < likely:
                raise Killed
            done = real(*args, **kwargs)
            if not world.quiet and world.chance.random() < likely:
                raise Killed
            return done

        return act

    return killing(link), killing(rename)
