"""Tests of behaviour: answers to changed rows beside those to the rows as they are.

The three kinds are those of Ribeiro et al., "Beyond accuracy" (ACL 2020): invariance, directional expectation
and minimum functionality.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlctl.domain.errors import UsageError
from mlctl.domain.evaluation import BehaviourResult
from mlctl.domain.model import Signature
from mlctl.domain.spec_tests import BehaviourSpec
from mlctl.learning.rows import Array
from mlctl.statistics.metrics import Answers
from mlctl.tabular.expression import mask

_MOST_ROWS = 5000
_EXAMPLES = 3
_ROUNDING = 1e-9

Ask = Callable[[pa.Table], Answers]


def behaves(
    test: BehaviourSpec, table: pa.Table, ask: Ask, signature: Signature, seed: int
) -> BehaviourResult:
    """Carry out one test on at most 5,000 of the rows for which its expression holds.

    Args:
        test: declared.
        table: rows that were held out.
        ask: the model's answers to rows.
        signature: of the model.
        seed: of the rows that are chosen and of the values that are exchanged.

    Raises:
        UsageError: the test does not fit the model.
    """
    random = np.random.default_rng([seed, 11])
    rows = table if test.where is None else table.filter(pa.array(mask(table, test.where)))
    if rows.num_rows > _MOST_ROWS:
        rows = rows.take(pa.array(np.sort(random.choice(rows.num_rows, _MOST_ROWS, replace=False))))
    if not rows.num_rows:
        return _result(test, rows, np.zeros(0), [], signature)
    before = ask(rows)
    if test.kind == "minimum":
        return _result(test, rows, _short_of(test, before, signature), [before], signature)
    if test.column not in {one.name for one in signature.inputs if one.role == "feature"}:
        raise UsageError(
            f"test {test.name!r}: {test.column} is no feature, so nothing would change", "mlctl spec explain"
        )
    after = ask(_changed(test, rows, random))
    beyond = _moved(test, before, after) - test.tolerance
    return _result(test, rows, np.where(beyond > _ROUNDING, beyond, 0.0), [before, after], signature)


def _changed(test: BehaviourSpec, rows: pa.Table, random: np.random.Generator) -> pa.Table:
    at = rows.column_names.index(str(test.column))
    column = rows.column(at)
    try:
        if test.kind == "direction":
            changed = pc.add(column, pa.scalar(test.by))
        elif test.to is None:
            changed = column.take(pa.array(random.permutation(rows.num_rows)))
        else:
            changed = pa.array([test.to] * rows.num_rows).cast(column.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        what = f"raised by {test.by:g}" if test.kind == "direction" else f"changed to {test.to!r}"
        raise UsageError(
            f"test {test.name!r}: {test.column} ({column.type}) cannot be {what}", "mlctl spec explain"
        ) from error
    return rows.set_column(at, rows.column_names[at], changed)


def _moved(test: BehaviourSpec, before: Answers, after: Answers) -> Array:
    """How far each answer has moved against what is expected."""
    if test.kind == "direction":
        if before.classes > 2:  # noqa: PLR2004 (more than two classes)
            raise UsageError(
                f"test {test.name!r}: a direction needs numbers or two classes", "mlctl spec explain"
            )
        return _level(before) - _level(after)
    if not before.classes:
        return np.asarray(np.abs(after.output - before.output))
    if before.probabilities is None or after.probabilities is None:
        return np.asarray(after.output != before.output, dtype=np.float64)
    return np.asarray(np.abs(after.probabilities - before.probabilities).max(axis=1))


def _level(answers: Answers) -> Array:
    """The number, or the probability of the positive class."""
    if answers.classes and answers.probabilities is not None:
        return answers.score()
    return np.asarray(answers.output, dtype=np.float64)


def _short_of(test: BehaviourSpec, answers: Answers, signature: Signature) -> Array:
    """How far each answer is from what it must be."""
    if test.answer is not None:
        if test.answer not in signature.classes:
            known = ", ".join(signature.classes) or "numbers"
            raise UsageError(
                f"test {test.name!r}: the model answers {known}, not {test.answer!r}", "mlctl spec explain"
            )
        return np.asarray(answers.output != signature.classes.index(test.answer), dtype=np.float64)
    if answers.classes:
        raise UsageError(f"test {test.name!r}: min and max are for numbers; use answer", "mlctl spec explain")
    low = -np.inf if test.min is None else test.min
    high = np.inf if test.max is None else test.max
    return np.asarray(np.maximum(np.maximum(low - answers.output, answers.output - high), 0.0))


def _result(
    test: BehaviourSpec, rows: pa.Table, wrong: Array, answers: list[Answers], signature: Signature
) -> BehaviourResult:
    failed = int((wrong > 0).sum())
    worst = [int(at) for at in np.argsort(-wrong, kind="stable")[:_EXAMPLES] if wrong[at] > 0]
    names = [one.name for one in signature.inputs if one.name in rows.column_names]
    return BehaviourResult(
        name=test.name,
        kind=test.kind,
        rows=rows.num_rows,
        failed=failed,
        passed=failed <= test.failing * rows.num_rows,
        required=test.required,
        examples=tuple(
            {
                "row": {name: _plain(rows.column(name)[at].as_py()) for name in names},
                "answers": [_said(one, at, signature) for one in answers],
            }
            for at in worst
        ),
    )


def _said(answers: Answers, at: int, signature: Signature) -> Any:
    if not signature.classes:
        return float(answers.output[at])
    label = signature.classes[int(answers.output[at])]
    if answers.probabilities is None:
        return label
    return [label, round(float(answers.probabilities[at, int(answers.output[at])]), 6)]


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
