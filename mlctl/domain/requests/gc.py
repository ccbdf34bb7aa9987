"""`mlctl gc`: collect what nothing needs into a trash, bring it back, or empty the trash."""

import msgspec

LEASE = "1d"
GRACE = "14d"
GOES_ON = "14d"
"""So long after its last word a broken-off run that may go on is kept."""


class GcRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to do; by default only the plan is made.

    Attributes:
        yes: carry the plan out.
        restore: bring back what the trash holds.
        empty: remove for good what is in the trash for longer than `grace`.
        older_than: a duration; what is younger is never collected.
        grace: a duration.
        projects: folders of the other projects that share the cache, where it is outside this project.
        allow_missing: collect although listings of folders that git names are not in the cache.
    """

    yes: bool = False
    restore: bool = False
    empty: bool = False
    older_than: str = LEASE
    grace: str = GRACE
    projects: tuple[str, ...] = ()
    allow_missing: bool = False
    dry_run: bool = False


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """Some files.

    Attributes:
        what: "data" (DVC's cache), "objects", "facts", "broken-off runs" or "retention"; of kept files the
            reason; of the trash a time.
        paths: of the first twenty.
    """

    what: str
    files: int
    bytes: int
    paths: tuple[str, ...] = ()


class LetGo(msgspec.Struct, frozen=True, kw_only=True):
    """A version or a run; its record stays, and `show` says that its files went.

    Attributes:
        label: "demand@3", "run:01J...".
        rule: "retain.versions = 20".
        files: how many.
    """

    label: str
    rule: str
    files: int


class GcResult(msgspec.Struct, frozen=True, kw_only=True):
    """The plan, and whether it was carried out.

    Attributes:
        act: "plan", "collect", "restore" or "empty".
        collected: what is (or was) moved to the trash, brought back, or removed.
        kept: data of the cache and broken-off runs that stay, by reason.
        young: what nothing needs and is too young to be collected.
        released: versions and runs whose files a rule of `[retain]` lets go.
        trash: what the trash holds now.
        cache: the cache's folder.
    """

    act: str
    collected: tuple[Counted, ...]
    kept: tuple[Counted, ...] = ()
    young: Counted | None = None
    released: tuple[LetGo, ...] = ()
    trash: tuple[Counted, ...] = ()
    cache: str
    changed: bool
