"""The sense of `[model.NAME.split]`: what it needs of the data, and folds that leave rows to learn from."""

import re

import msgspec

from mlctl.domain.duration import duration, share
from mlctl.domain.metric import NUMBERS
from mlctl.domain.spec import DataSpec, ModelSpec, Spec, SplitSpec
from mlctl.domain.spec_rules import Problems, known_columns, lasting, once, problem, undeclared
from mlctl.domain.toml_lines import Path

FOLDED = ("random", "stratified", "group", "time")
"""Ways to split that can be done in folds."""

MOST_FOLDS = 50

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?\Z")
_ROUNDING = 1e-9


def split_problems(
    spec: Spec, model: ModelSpec, data: DataSpec | None, columns: list[str] | None, path: Path
) -> Problems:
    """Every problem of a model's split."""
    split = model.split
    yield from lasting(split.embargo, (*path, "embargo"))
    if split.embargo != SplitSpec().embargo and split.by != "time":
        found = problem((*path, "embargo"), f"embargo is for by = 'time', not {split.by!r}")
        yield msgspec.structs.replace(found, rests_on=(*path, "by"))
    if split.by == "time" and data is not None and not data.time:
        yield problem(
            (*path, "by"), "by = 'time' needs the dataset's time columns: time = [\"…\"] in its [data] table"
        )
    if split.by == "stratified" and model.task in NUMBERS:
        yield problem((*path, "by"), "by = 'stratified' keeps the shares of classes; a regression has none")
    yield from _column(split, columns, path)
    if split.by == "dataset" and split.test not in spec.data:
        advice = f"declare the test rows as [data.{split.test}]"
        yield undeclared("dataset", split.test, spec.data, (*path, "test"), advice)
    if split.by in FOLDED:
        yield from _test_part(split, (*path, "test"))
    yield from _folds(split, path)
    yield from once(split.accept, (*path, "accept"))


def most_folds_text(split: SplitSpec) -> str:
    """The largest `test` that so many folds can hold out, as it would be written."""
    parts = split.folds + 1 if split.by == "time" else split.folds
    return f"{int(1000 / parts) / 10:g}%"


def too_much(split: SplitSpec) -> bool:
    """Whether the folds would hold out more rows than there are; by time, leave the first none to learn."""
    part = share(split.test)
    if part is None or split.folds == 1:
        return False
    whole = part * split.folds
    return whole >= 1 - _ROUNDING if split.by == "time" else whole > 1 + _ROUNDING


def _column(split: SplitSpec, columns: list[str] | None, path: Path) -> Problems:
    if split.by in {"group", "column"} and split.column is None:
        yield problem((*path, "by"), f'by = {split.by!r} needs column = "…"')
    if split.column is not None:
        yield from known_columns([split.column], columns, (*path, "column"), whole=True)
        if split.by not in {"group", "column"}:
            yield problem((*path, "column"), f"column is for by = 'group' or 'column', not {split.by!r}")


def _test_part(split: SplitSpec, path: Path) -> Problems:
    part = share(split.test)
    if part is not None:
        if not 0 < part < 1:
            yield problem(path, f"test = {split.test!r} must be more than 0% and less than 100%")
    elif split.by != "time":
        yield problem(path, f"test = {split.test!r} must be a percentage such as '20%'")
    elif _DATE.match(split.test) is None and not _lasts(split.test):
        known = "a percentage such as '20%', a duration such as '14d' or a date such as '2012-07-01'"
        yield problem(path, f"test = {split.test!r} must be {known}")


def _lasts(text: str) -> bool:
    try:
        return bool(duration(text))
    except ValueError:
        return False


def _folds(split: SplitSpec, path: Path) -> Problems:
    at = (*path, "folds")
    if not 1 <= split.folds <= MOST_FOLDS:
        yield problem(at, f"folds = {split.folds} must be 1 to {MOST_FOLDS}")
    elif split.folds > 1 and split.by not in FOLDED:
        fitting = ", ".join(f"'{by}'" for by in FOLDED)
        yield problem(
            at, f"folds are for by = {fitting}, not {split.by!r}, which says itself what is held out"
        )
    elif too_much(split):
        left = "leave the first nothing to learn from" if split.by == "time" else "share test rows"
        most = f"write test = {most_folds_text(split)!r} or less"
        yield problem(at, f"{split.folds} folds of {split.test} each {left}; {most}")
