"""The linter of `train`: what the rows say of the split, before the fit.

A random split of serial rows is refused with the spec that would do; all else is a warning, and everything is
kept in the run's notes. `split.accept` allows what is meant.
"""

import json
from typing import Any

from mlctl.domain.errors import UsageError
from mlctl.domain.spec import ModelSpec
from mlctl.domain.spec_shape import dotted
from mlctl.domain.spec_split import most_folds_text, too_much
from mlctl.learning.features import feature_columns
from mlctl.learning.fit import Problem
from mlctl.learning.lint import MIXING, Finding, Lint, Sides, joined, lint
from mlctl.training.learnt import Learnt

_MOST = 5


Notes = list[dict[str, Any]]
"""Findings as a run keeps them: kind, text and columns of each."""


def judged(model: str, learnt: Learnt, problem: Problem, *, refuse: bool) -> tuple[Notes, list[str]]:
    """Findings for the run's notes, and those that are not accepted as sentences.

    Raises:
        UsageError: `refuse`, and a random split would put neighbours in time on both sides.
    """
    found = _look(learnt, problem)
    spec = learnt.spec
    open_ = [one for one in found.findings if one.kind not in spec.split.accept and not one.minor]
    fatal = [one for one in open_ if one.fatal]
    if fatal and refuse:
        raise _refusal(model, learnt, found, [one for one in open_ if one.kind == "serial"])
    return _notes(found.findings), [_advised(model, spec, one, found) for one in open_]


def _look(learnt: Learnt, problem: Problem) -> Lint:
    split, source, spec = learnt.split, learnt.source, learnt.spec
    if split is None:
        table, train = joined(learnt.rows, learnt.test)
        test = ~train
    else:
        table, train, test = learnt.rows, split.train, split.test
    columns = set(table.column_names)
    if spec.target not in columns:
        return Lint()
    features = feature_columns(learnt.rows.column_names, spec, source.context, source.label)
    sides = Sides(
        table=table,
        train=train,
        test=test,
        moments=None if split is None else learnt.moments,
        features=tuple(name for name, _ in features if name in columns),
        key=source.key if set(source.key) <= columns else (),
        classes=problem.classes,
    )
    return lint(sides, spec, source.time)


def _refusal(model: str, learnt: Learnt, found: Lint, serial: list[Finding]) -> UsageError:
    spec = learnt.spec
    lines = [f"  {one.text}" for one in serial[:_MOST]]
    lines += [f"  and {len(serial) - _MOST} more"] if len(serial) > _MOST else []
    mixed = (
        f'split.by = "{spec.split.by}" would put neighbours in time of {learnt.source.label} on both sides'
    )
    message = "\n".join(
        [
            f"{mixed}, and measure how well a model interpolates:",
            *lines,
            "hold out the newest rows instead:",
            *_instead(model, spec, found, declared=bool(learnt.source.time)),
            'or, where rows like these are what will be asked for, add accept = ["serial"]',
        ]
    )
    return UsageError(message, f"mlctl spec explain model.{model}.split", findings=_notes(serial))


def _notes(found: list[Finding]) -> Notes:
    return [
        {"kind": one.kind, "text": one.text, "columns": list(one.columns), "minor": one.minor}
        for one in found
    ]


def _instead(model: str, spec: ModelSpec, found: Lint, *, declared: bool) -> list[str]:
    """The tables of the spec that would do, as they would be typed."""
    by_time = _by_time(spec)
    lines = ["  [" + dotted(("model", model, "split")) + "]", '  by = "time"', f"  test = {_toml(by_time)}"]
    if spec.split.folds > 1:
        lines.append(f"  folds = {spec.split.folds}")
    if not declared:
        lines = ["  [" + dotted(("data", spec.data)) + "]", f"  time = {_toml(list(found.time))}", *lines]
    return lines


def _by_time(spec: ModelSpec) -> str:
    """The same share, or the largest that so many windows of time leave room for."""
    split = type(spec.split)(by="time", test=spec.split.test, folds=spec.split.folds)
    return most_folds_text(split) if too_much(split) else split.test


def _advised(model: str, spec: ModelSpec, one: Finding, found: Lint) -> str:
    if one.kind == "giveaway":
        left_out = list(dict.fromkeys([*spec.exclude, *one.columns]))
        return f'{one.text}; write exclude = {_toml(left_out)}, or split.accept = ["giveaway"]'
    if one.kind == "duplicates":
        return f'{one.text}; where that is meant, split.accept = ["duplicates"]'
    time = f"time = {_toml(list(found.time))} in [data.{spec.data}] and " if spec.split.by in MIXING else ""
    return f'{one.text}; write {time}by = "time" in [model.{model}.split], or accept = ["serial"]'


def _toml(value: str | list[str]) -> str:
    """A text or a list of texts as TOML writes it."""
    return json.dumps(value, ensure_ascii=False)
