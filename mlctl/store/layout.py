"""Where everything under `.mlctl/` stands. The byte-exact truth is `docs/explanation/format.md`."""

import os
import re
from pathlib import Path

import msgspec

FORMAT = 1
"""The repository format that this program writes, and the newest that it reads."""

FOLDER = ".mlctl"

_NUMBERED = re.compile(r"[0-9]{8,}\Z")
_NUMBER_WIDTH = 8


class Layout(msgspec.Struct, frozen=True):
    """The paths of one repository.

    Attributes:
        store: the `.mlctl` folder.
        own: that of this work tree, where `store` is another one's of the same git repository; else None.
    """

    store: Path
    own: Path | None = None

    @property
    def format(self) -> Path:
        """The file that names the repository's format."""
        return self.store / "format"

    @property
    def config(self) -> Path:
        """The one file that git tracks: the repository's id and remotes."""
        return (self.own or self.store) / "config.toml"

    @property
    def cache(self) -> Path:
        """DVC's cache, in DVC 3's own layout."""
        return self.store / "cache"

    @property
    def objects(self) -> Path:
        """Bytes, each file named by its sha256."""
        return self.store / "objects"

    @property
    def facts(self) -> Path:
        """Records, one folder a kind."""
        return self.store / "facts"

    @property
    def decisions(self) -> Path:
        """The log."""
        return self.store / "decisions"

    @property
    def checkpoints(self) -> Path:
        """Caches of the log's fold."""
        return self.store / "checkpoints"

    @property
    def pending(self) -> Path:
        """Decisions that wait for publication."""
        return self.store / "pending"

    @property
    def joined(self) -> Path:
        """Says that the log is a remote's."""
        return self.pending / "joined"

    @property
    def settled(self) -> Path:
        """Cache: up to which pending entry nothing waits any more."""
        return self.pending / "settled"

    @property
    def joining(self) -> Path:
        """Shared entries that are about to take the place of own ones."""
        return self.pending / "joining"

    @property
    def live_runs(self) -> Path:
        """Runs that are not finished."""
        return self.store / "live" / "runs"

    @property
    def live_predictions(self) -> Path:
        """Prediction segments that are not sealed, one folder a model."""
        return self.store / "live" / "predictions"

    @property
    def own_code(self) -> Path:
        """Digests of code that models were trained with here."""
        return self.store / "own-code"

    @property
    def index(self) -> Path:
        """Disposable indexes, of this work tree alone."""
        return (self.own or self.store) / "index"

    @property
    def tmp(self) -> Path:
        """Files that are being written; whatever a dead process left here is swept."""
        return self.store / "tmp"

    def folders(self) -> tuple[Path, ...]:
        """Every folder that a repository has from the start."""
        plain = ("locks", "crashes")
        own = (self.cache, self.objects, self.facts, self.decisions, self.pending, self.checkpoints)
        live = (self.live_runs, self.live_predictions, self.index, self.tmp)
        return (*own, *live, *(self.store / name for name in plain))

    def object(self, digest: str) -> Path:
        """Where the object of this digest stands."""
        return self.objects / digest[:2] / digest

    def fact(self, kind: str, digest: str) -> Path:
        """Where the fact of this kind and digest stands."""
        return self.facts / kind / f"{digest}.json"

    def decision(self, number: int) -> Path:
        """Where the decision of this number stands."""
        return self.decisions / f"{number:0{_NUMBER_WIDTH}d}"

    def pending_entry(self, number: int) -> Path:
        """Where the pending decision of this number stands."""
        return self.pending / str(number)

    def sent(self, number: int) -> Path:
        """Where the shared numbers that it was put at are noted."""
        return self.pending / f"{number}.sent"

    def published(self, number: int) -> Path:
        """The mark that it is in the shared log."""
        return self.pending / f"{number}.published"

    def dropped(self, number: int) -> Path:
        """The mark that somebody has given it up."""
        return self.pending / f"{number}.dropped"

    def checkpoint(self, number: int) -> Path:
        """Where the checkpoint of the fold up to this decision stands."""
        return self.checkpoints / f"{number:0{_NUMBER_WIDTH}d}"


def highest_number(folder: Path) -> int:
    """The highest number of a decision's or checkpoint's file in a folder; 0 where there is none.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    names = os.listdir(folder)  # noqa: PTH208 - there may be many
    return max(map(int, filter(str.isdecimal, names)), default=0)


def file_number(name: str) -> int | None:
    """The number that a decision's or checkpoint's file name says, or None where it is no such name."""
    return int(name) if _NUMBERED.match(name) else None
