"""A small executable model of sharing: what each step reads and writes, and nothing else.

Repositories with several processes, a remote that is only put-if-absent, puts that time out and arrive late,
crashes between any two steps, folders that are copied and backups that are restored. A process is a
generator: each `yield` is a moment at which another may run or this one may die. `Rules` switches single
rules off, so that the checks are shown to be able to fail.
"""

import copy
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rules:
    """The rules of the protocol; each of them can be left out."""

    random_ids: bool = True
    numbers_never_reused: bool = True
    marked_not_deleted: bool = True
    doubt: bool = True
    one_push: bool = True
    last_effect: bool = True
    held_versions_stay: bool = True
    checkpoints_of_shared_alone: bool = True
    gc_excludes_writers: bool = True


class Violation(AssertionError):
    """An invariant does not hold."""


@dataclass(frozen=True)
class Entry:
    """A decision; changes are (name, old, new). Versions are named "v/<n>", the one stage is "stage"."""

    id: object
    kind: str
    changes: tuple[tuple[str, str | None, str | None], ...]
    undoes: object = None
    serial: int = 0


@dataclass
class Names:
    """The fold: for each name the stack of (entry, value) that stands, and the highest version number."""

    effects: dict[str, tuple[tuple[object, str | None], ...]] = field(default_factory=dict)
    highest: int = 0

    def value(self, name: str) -> str | None:
        stack = self.effects.get(name, ())
        return stack[-1][1] if stack else None

    def last(self, name: str) -> object:
        stack = self.effects.get(name, ())
        return stack[-1][0] if stack else None

    def versions(self) -> dict[str, str]:
        found = {name: self.value(name) for name in self.effects if name.startswith("v/")}
        return {name: value for name, value in found.items() if value is not None}


def refusal(names: Names, entry: Entry, rules: Rules) -> str | None:
    """Why an entry can't follow these names; None where it can."""
    for name, old, new in entry.changes:
        if names.value(name) != old:
            return f"{name} has moved"
        if entry.kind == "undo" and rules.last_effect and names.last(name) != entry.undoes:
            return f"{name} shows another decision"
        if name == "stage" and new is not None and new not in names.versions().values():
            return "the version does not stand"
        if name.startswith("v/") and new is None and names.value("stage") == old and rules.held_versions_stay:
            return "the stage holds it"
    return None


def apply(names: Names, entry: Entry) -> Names:
    """Names after an entry."""
    effects, highest = dict(names.effects), names.highest
    for name, _old, new in entry.changes:
        stack = effects.get(name, ())
        if entry.kind == "undo":
            effects[name] = stack[:-1]
            continue
        effects[name] = (*stack, (entry.id, new))
        if name.startswith("v/"):
            highest = max(highest, int(name[2:]))
    return Names(effects, highest)


def strict_fold(entries: list[Entry]) -> Names:
    """The fold by all rules; what breaks it is a violation."""
    names = Names()
    for position, entry in enumerate(entries, 1):
        why = refusal(names, entry, Rules())
        if why is not None:
            raise Violation(f"shared entry {position} ({entry.kind}): {why}")
        names = apply(names, entry)
        stage = names.value("stage")
        if stage is not None and stage not in names.versions().values():
            raise Violation(f"the stage dangles after shared entry {position}")
    return names


class Remote:
    """Put-if-absent, with answers that get lost and puts that arrive when their sender has given up."""

    def __init__(self, chance: random.Random) -> None:
        self.log: dict[int, Entry] = {}
        self.facts: set[str] = set()
        self.late: list[tuple[int, Entry]] = []
        self.quiet = False
        self._chance = chance

    def create(self, number: int, entry: Entry) -> bool | None:
        """Whether this call made it; None for a time-out, after which it may be there now, later or never."""
        fate = 1.0 if self.quiet else self._chance.random()
        if fate < 0.1:
            return None
        if fate < 0.25:
            self.late.append((number, entry))
            return None
        made = number not in self.log
        self.log.setdefault(number, entry)
        return None if fate < 0.35 else made

    def arrive(self) -> None:
        """One late put arrives."""
        if self.late:
            number, entry = self.late.pop(self._chance.randrange(len(self.late)))
            self.log.setdefault(number, entry)


@dataclass
class Disk:
    """What stands in one repository's folder; copied and restored as a whole."""

    shared: list[Entry] = field(default_factory=list)
    pending: dict[int, Entry] = field(default_factory=dict)
    sent: dict[int, set[int]] = field(default_factory=dict)
    published: set[int] = field(default_factory=set)
    dropped: set[int] = field(default_factory=set)
    checkpoint: tuple[int, Names, tuple[int, ...]] | None = None
    facts: set[str] = field(default_factory=set)


class Repository:
    """One folder, its locks, and what it has acknowledged to people."""

    def __init__(self, name: str, disk: Disk) -> None:
        self.name = name
        self.disk = disk
        self.pushing: object = None
        self.writers: set[object] = set()
        self.collecting: object = None
        self.acknowledged: dict[object, Entry] = {}
        self.was_dropped: set[object] = set()
        self.numbers: dict[str, object] = {}


class World:
    """All repositories, one remote, and the processes that run."""

    def __init__(self, seed: int, rules: Rules) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - schedules are to be repeated
        self.rules = rules
        self.remote = Remote(self.chance)
        self.repositories = [Repository(f"r{number}", Disk()) for number in range(2)]
        self.processes: list[tuple[object, Repository, Iterator[None]]] = []
        self.backups: dict[str, Disk] = {}
        self.shared_by_copy: set[object] = set()
        self._ids = itertools.count()
        self._tokens = itertools.count()

    # --- what a repository's folder means

    def settled(self, disk: Disk, serial: int) -> bool:
        """Whether a pending entry is published or dropped."""
        if serial in disk.published:
            return True
        own = disk.pending[serial].id
        if any(n <= len(disk.shared) and disk.shared[n - 1].id == own for n in disk.sent.get(serial, ())):
            return True
        return serial in disk.dropped

    def base(self, disk: Disk) -> tuple[Names, tuple[int, ...]]:
        """The fold of the shared log, from the checkpoint on, and the pending entries in it."""
        names, start, held = Names(), 0, ()
        if disk.checkpoint is not None and disk.checkpoint[0] <= len(disk.shared):
            start, names, held = disk.checkpoint
        for entry in disk.shared[start:]:
            if not any(disk.pending.get(serial) and disk.pending[serial].id == entry.id for serial in held):
                names = apply(names, entry)
        return names, held

    def renamed(self, disk: Disk) -> dict[str, str]:
        """The names that publication gave to the versions of pending entries."""
        own = {entry.id: entry for entry in disk.pending.values()}
        found = {}
        for entry in disk.shared:
            if entry.id in own:
                pairs = zip(own[entry.id].changes, entry.changes, strict=True)
                found.update({old[0]: new[0] for old, new in pairs if old[0] != new[0]})
        return found

    def names(self, disk: Disk) -> tuple[Names, dict[int, str]]:
        """Today's names with pending entries on top; and why the ones that wait do."""
        names, held = self.base(disk)
        waiting: dict[int, str] = {}
        renamed = self.renamed(disk)
        for serial in sorted(disk.pending):
            entry = disk.pending[serial]
            if self.settled(disk, serial) or serial in held:
                continue
            moved, why = self.placed(names, entry, renamed, disk)
            if why is None:
                names = apply(names, moved)
            else:
                waiting[serial] = why
        if self.rules.numbers_never_reused:
            carried = [self.carried(entry) for entry in disk.pending.values()]
            names = Names(names.effects, max([names.highest, *carried]))
        return names, waiting

    def placed(
        self, names: Names, entry: Entry, renamed: dict[str, str], disk: Disk
    ) -> tuple[Entry, str | None]:
        """The entry with numbers that are free on these names; why it can't follow them."""
        changes = []
        for name, old, new in entry.changes:
            is_new = name.startswith("v/") and old is None and entry.kind == "version"
            if is_new and int(name[2:]) <= names.highest:
                taken = {self.carried(disk.pending[one]) for one in disk.dropped}
                number = names.highest + 1
                while number in taken and self.rules.numbers_never_reused:
                    number += 1
                renamed[name] = f"v/{number}"
            changes.append((renamed.get(name, name), old, new))
        moved = Entry(entry.id, entry.kind, tuple(changes), entry.undoes, entry.serial)
        return moved, refusal(names, moved, self.rules)

    @staticmethod
    def carried(entry: Entry) -> int:
        """The version number that an entry gives."""
        if entry.kind != "version":
            return 0
        return max((int(name[2:]) for name, _old, _new in entry.changes if name.startswith("v/")), default=0)

    # --- processes

    def commit(
        self, where: Repository, make: Callable[[Names, Repository], Entry | None], me: object
    ) -> Iterator[None]:
        """Write the fact, then create the next pending entry exclusively; the loser begins anew."""
        while self.rules.gc_excludes_writers and where.collecting is not None:
            yield
        where.writers.add(me)
        while True:
            disk = where.disk
            names, _waiting = self.names(disk)
            serial = max(disk.pending, default=0) + 1
            draft = make(names, where)
            if draft is None:
                return
            yield
            disk.facts |= {new for name, _old, new in draft.changes if new and name.startswith("v/")}
            yield
            if serial in disk.pending:
                continue
            made = (where.name.split("'")[0], serial) if not self.rules.random_ids else next(self._ids)
            entry = Entry(made, draft.kind, draft.changes, draft.undoes, serial)
            disk.pending[serial] = entry
            self.acknowledge(where, entry)
            return

    def acknowledge(self, where: Repository, entry: Entry) -> None:
        """A person has been told that this is decided."""
        if entry.id in where.acknowledged:
            raise Violation(f"{where.name}: {entry.id} identifies two entries")
        where.acknowledged[entry.id] = entry
        for name, old, _new in entry.changes:
            if name.startswith("v/") and entry.kind == "version" and old is None:
                if where.numbers.get(name, entry.id) != entry.id:
                    raise Violation(f"{where.name}: {name} was given twice")
                where.numbers[name] = entry.id

    def version(self, names: Names, _where: Repository) -> Entry | None:
        token = f"d{next(self._tokens)}"
        return Entry(None, "version", ((f"v/{names.highest + 1}", None, token),))

    def promote(self, names: Names, _where: Repository) -> Entry | None:
        choices = sorted(set(names.versions().values()) - {names.value("stage")})
        if not choices:
            return None
        return Entry(None, "promote", (("stage", names.value("stage"), self.chance.choice(choices)),))

    def undo(self, names: Names, where: Repository) -> Entry | None:
        tops = sorted(name for name, stack in names.effects.items() if stack)
        if not tops:
            return None
        name = "stage" if "stage" in tops and self.chance.random() < 0.5 else self.chance.choice(tops)
        stack = names.effects[name]
        before = stack[-2][1] if len(stack) > 1 else None
        draft = Entry(None, "undo", ((name, stack[-1][1], before),), undoes=stack[-1][0])
        held = {
            new
            for serial, entry in where.disk.pending.items()
            if not self.settled(where.disk, serial)
            for changed, _old, new in entry.changes
            if changed == "stage"
        }
        if self.rules.held_versions_stay and before is None and stack[-1][1] in held:
            return None
        return None if refusal(names, draft, self.rules) else draft

    def back(self, names: Names, _where: Repository) -> Entry | None:
        """Give the stage a value that it had before, by a decision of its own."""
        stack = names.effects.get("stage", ())
        earlier = [value for _id, value in stack[:-1] if value in names.versions().values()]
        if not earlier or earlier[-1] == names.value("stage"):
            return None
        return Entry(None, "back", (("stage", names.value("stage"), earlier[-1]),))

    def fetch(self, where: Repository) -> Iterator[None]:
        """Take over what the remote has: first mark one's own among it, then link."""
        disk = where.disk
        while (entry := self.remote.log.get(len(disk.shared) + 1)) is not None:
            number = len(disk.shared) + 1
            yield
            for serial, own in sorted(disk.pending.items()):
                if own.id == entry.id:
                    disk.sent.setdefault(serial, set()).add(number)
                    yield
            if len(disk.shared) + 1 != number:  # another fetch was here
                continue
            disk.shared.append(entry)
            yield
            if len(disk.shared) % 3 == 0:
                self.write_checkpoint(disk)
        for serial in sorted(disk.pending):
            if self.settled(disk, serial) and serial not in disk.dropped:
                disk.published.add(serial)
                if not self.rules.marked_not_deleted:
                    del disk.pending[serial]
                    disk.sent.pop(serial, None)

    def write_checkpoint(self, disk: Disk) -> None:
        """Keep the fold of the shared log."""
        if self.rules.checkpoints_of_shared_alone:
            disk.checkpoint = (len(disk.shared), self.base(disk)[0], ())
        else:
            live = tuple(serial for serial in disk.pending if not self.settled(disk, serial))
            disk.checkpoint = (len(disk.shared), self.names(disk)[0], live)

    def push(self, where: Repository, me: object) -> Iterator[None]:  # noqa: C901 - one story
        """Fetch, then publish what is pending, in order, each entry checked against today's shared names."""
        if self.rules.one_push:
            if where.pushing is not None:
                return
            where.pushing = me
        yield from self.fetch(where)
        disk = where.disk
        for serial in sorted(disk.pending):
            while serial in disk.pending and not self.settled(disk, serial):
                number = len(disk.shared) + 1
                names, _held = self.base(disk)
                entry, why = self.placed(names, disk.pending[serial], self.renamed(disk), disk)
                if why is not None:
                    break
                yield
                self.remote.facts |= {new for _n, _o, new in entry.changes if new and new in disk.facts}
                yield
                if self.rules.doubt:
                    disk.sent.setdefault(serial, set()).add(number)
                    yield
                made = self.remote.create(number, entry)
                yield
                if made is None and self.chance.random() < 0.5:
                    if not self.rules.doubt:  # "it did not work": as if it had never been sent
                        disk.sent.pop(serial, None)
                    return
                if made is None and not self.rules.doubt:
                    self.remote.create(number + 1, entry)
                before = len(disk.shared)
                yield from self.fetch(where)
                if len(disk.shared) == before:
                    return

    def drop(self, where: Repository, me: object) -> Iterator[None]:
        """Give a pending entry up, unless it may be on its way."""
        if self.rules.one_push:
            if where.pushing is not None:
                return
            where.pushing = me
        disk = where.disk
        live = [serial for serial in sorted(disk.pending) if not self.settled(disk, serial)]
        if not live:
            return
        serial = self.chance.choice(live)
        in_doubt = any(number > len(disk.shared) for number in disk.sent.get(serial, ()))
        if in_doubt and self.rules.doubt:
            return
        yield
        if serial in disk.pending and not self.settled(disk, serial):
            disk.dropped.add(serial)
            where.was_dropped.add(disk.pending[serial].id)

    def collect(self, where: Repository, me: object) -> Iterator[None]:
        """Remove facts that nothing names."""
        if self.rules.gc_excludes_writers:
            if where.writers or where.pushing is not None or where.collecting is not None:
                return
            where.collecting = me
        disk = where.disk
        entries = [*disk.shared, *disk.pending.values()]
        named = {new for entry in entries for _name, _old, new in entry.changes}
        yield
        disk.facts &= named

    # --- the schedule

    def start(self) -> None:
        where = self.chance.choice(self.repositories)
        me = object()
        makes = [self.version, self.version, self.promote, self.promote, self.undo, self.back]
        kind = self.chance.randrange(12)
        if kind < 6:
            process = self.commit(where, makes[kind], me)
        elif kind < 10:
            process = self.push(where, me)
        elif kind == 10:
            process = self.drop(where, me)
        else:
            process = self.collect(where, me)
        self.processes.append((me, where, process))

    def step(self, *, crash: bool = False) -> None:
        if not self.processes:
            return
        position = self.chance.randrange(len(self.processes))
        me, where, process = self.processes[position]
        if crash:
            process.close()
            self.ended(position, me, where)
            return
        try:
            next(process)
        except StopIteration:
            self.ended(position, me, where)

    def ended(self, position: int, me: object, where: Repository) -> None:
        del self.processes[position]
        where.writers.discard(me)
        if where.pushing is me:
            where.pushing = None
        if where.collecting is me:
            where.collecting = None

    def still(self, where: Repository) -> bool:
        return all(other is not where for _me, other, _process in self.processes)

    def disturb(self) -> None:
        """A folder is copied, or a backup is made or restored, while nothing runs in it."""
        where = self.chance.choice(self.repositories)
        if not self.still(where):
            return
        act = self.chance.randrange(3)
        if act == 0 and len(self.repositories) < 4:
            made = Repository(f"{where.name}'{len(self.repositories)}", copy.deepcopy(where.disk))
            self.shared_by_copy |= {entry.id for entry in where.disk.pending.values()}
            self.repositories.append(made)
        elif act == 1:
            self.backups[where.name] = copy.deepcopy(where.disk)
        elif where.name in self.backups:
            kept = {entry.id for entry in self.backups[where.name].pending.values()}
            kept |= {entry.id for entry in self.backups[where.name].shared}
            self.shared_by_copy |= kept
            where.disk = copy.deepcopy(self.backups[where.name])
            where.acknowledged = {i: e for i, e in where.acknowledged.items() if i in kept}
            where.numbers = {n: i for n, i in where.numbers.items() if i in kept}

    def run(self, steps: int) -> None:
        """A random schedule, then quiet: everything that runs ends, everything late arrives, all push."""
        for _ in range(steps):
            fate = self.chance.random()
            if fate < 0.12:
                self.start()
            elif fate < 0.14:
                self.step(crash=True)
            elif fate < 0.17:
                self.remote.arrive()
            elif fate < 0.18:
                self.disturb()
            else:
                self.step()
            self.check()
        self.settle()

    def settle(self) -> None:  # noqa: C901 - one story
        for _ in range(10_000):
            if not self.processes:
                break
            self.step()
            self.remote.arrive()
            self.check()
        self.processes.clear()
        self.remote.quiet = True
        for where in self.repositories:
            where.pushing = where.collecting = None
            where.writers.clear()
        while self.remote.late:
            self.remote.arrive()
        for _round in range(3):
            for where in self.repositories:
                for _ in self.push(where, me := object()):
                    pass
                where.pushing = None if where.pushing is me else where.pushing
                while self.remote.late:
                    self.remote.arrive()
        for where in self.repositories:
            for _ in self.fetch(where):
                pass
        self.check()
        self.converged()

    # --- what must hold

    def check(self) -> None:
        """At every moment: a sound shared log, nothing acknowledged lost, local names its fold."""
        log = [self.remote.log[number] for number in sorted(self.remote.log)]
        if sorted(self.remote.log) != list(range(1, len(log) + 1)):
            raise Violation("the shared log has a gap")
        if len({entry.id for entry in log}) != len(log):
            raise Violation("an entry was published twice")
        strict_fold(log)
        given: dict[str, str] = {}
        for entry in log:
            for name, _old, new in entry.changes:
                if name.startswith("v/") and new is not None and given.setdefault(name, new) != new:
                    raise Violation(f"{name} has two meanings")
                if new is not None and new not in self.remote.facts:
                    raise Violation(f"the remote names {new} and lacks it")
        published = {entry.id: entry for entry in log}
        for where in self.repositories:
            self.check_repository(where, log, published)

    def check_repository(self, where: Repository, log: list[Entry], published: dict[object, Entry]) -> None:  # noqa: C901, PLR0912 - one story
        disk = where.disk
        if disk.shared != log[: len(disk.shared)]:
            raise Violation(f"{where.name} has another log than the remote")
        held = {entry.id: entry for entry in [*disk.pending.values(), *disk.shared]}
        for made, entry in where.acknowledged.items():
            if made not in held:
                raise Violation(f"{where.name} has lost {entry.kind} {made}")
        for serial, entry in disk.pending.items():
            mine = published.get(entry.id)
            if mine is not None and [c[1:] for c in mine.changes] != [c[1:] for c in entry.changes]:
                raise Violation(f"{where.name} takes another's entry for its own")
            if serial in disk.published and mine is None:
                raise Violation(f"{where.name} believes that {entry.id} is published")
        for made in where.was_dropped - self.shared_by_copy:
            if made in published:
                raise Violation(f"{where.name}: {made} was dropped and is published")
        plain = strict_fold(disk.shared)
        if self.base(disk)[0].effects != plain.effects and self.rules.checkpoints_of_shared_alone:
            raise Violation(f"{where.name}: the fold from the checkpoint differs")
        names, waiting = self.names(disk)
        expected, again = plain, self.renamed(disk)
        for serial in sorted(disk.pending):
            if self.settled(disk, serial):
                continue
            moved, why = self.placed(expected, disk.pending[serial], again, disk)
            if why is None:
                expected = apply(expected, moved)
            elif serial not in waiting:
                raise Violation(f"{where.name}: {serial} can't follow and counts all the same")
        if names.effects != expected.effects:
            raise Violation(f"{where.name}: its names are not the fold of its entries")
        stage = names.value("stage")
        if stage is not None and stage not in names.versions().values():
            raise Violation(f"{where.name}: the stage dangles")
        entries = [*disk.shared, *disk.pending.values()]
        own = {
            new for e in entries if e.id in where.acknowledged for n, _o, new in e.changes if n[:2] == "v/"
        }
        if missing := own - disk.facts - {None}:
            raise Violation(f"{where.name}: facts are gone: {missing}")

    def converged(self) -> None:
        """After quiet: every repository has the remote's log, and what is not in it waits for a reason."""
        for where in self.repositories:
            if len(where.disk.shared) != len(self.remote.log):
                raise Violation(f"{where.name} has not caught up")
            _names, waiting = self.names(where.disk)
            for serial in where.disk.pending:
                if not self.settled(where.disk, serial) and serial not in waiting:
                    raise Violation(f"{where.name}: {serial} is neither published nor waiting")
