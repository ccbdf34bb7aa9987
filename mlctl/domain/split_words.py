"""A split in words: the rule that the spec gives, and which rows it put on which side."""

from collections.abc import Callable, Mapping
from typing import Any

from mlctl.domain.duration import duration, share
from mlctl.domain.spec import SplitSpec


def rule(split: SplitSpec) -> str:
    """What is held out, as one sentence without its full stop."""
    said = _RULES[split.by](split)
    if split.by == "time" and duration(split.embargo):
        said += f"; the {split.embargo} before them are left out"
    if split.folds > 1:
        way = "windows of this length, walking on" if split.by == "time" else "no row held out twice"
        said += f"; {split.folds} folds, {way}"
    return said


def counted(note: Mapping[str, Any]) -> tuple[str, ...]:
    """The sides as a run's notes have them (`notes["split"]`), a sentence each."""
    told = [f"learns from {_side(note['train'])}", f"held out are {_side(note['test'])}"]
    if note["between"]:
        why = f", the embargo of {note['embargo']}" if note.get("embargo") else ""
        told.append(f"in neither are {note['between']:,} rows{why}")
    return tuple(told)


def _side(side: Mapping[str, Any]) -> str:
    when = f", {_minute(side['first'])} to {_minute(side['last'])}" if side.get("first") else ""
    return f"{side['rows']:,} rows{when}"


def _minute(stamp: str) -> str:
    return stamp[:16].replace("T", " ")


def _time(split: SplitSpec) -> str:
    if share(split.test) is not None:
        return f"by time: the newest {split.test} of the rows are held out"
    try:
        duration(split.test)
    except ValueError:
        return f"by time: the rows from {split.test} on are held out"
    return f"by time: the rows of the newest {split.test} are held out"


_RULES: dict[str, Callable[[SplitSpec], str]] = {
    "time": _time,
    "random": lambda split: f"at random: {split.test} of the rows are held out, by a hash of their key",
    "stratified": lambda split: f"at random: {split.test} of the rows of each class are held out",
    "group": lambda split: f"by group: {split.test} of the values of {split.column}, each with all its rows",
    "column": lambda split: f"by column: the rows with {split.column} = {split.test} are held out",
    "dataset": lambda split: f"by dataset: all rows of {split.test} are held out",
}
