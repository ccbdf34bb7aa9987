"""Tests of behaviour find rows that do not behave, planted, and let pass what behaves."""

import numpy as np
import pyarrow as pa
import pytest

from mlctl.domain.errors import UsageError
from mlctl.domain.model import Input, Signature
from mlctl.domain.spec_tests import BehaviourSpec, complaints
from mlctl.learning.behaviour import behaves
from mlctl.statistics.metrics import Answers

TABLE = pa.table({
    "size": list(range(100)),
    "sex": ["f", "m"] * 50,
    "age": [20.0 + n % 40 for n in range(100)],
    "price": [1.0] * 100,
})  # fmt: skip


def signature(classes=()):
    inputs = tuple(
        Input(name=name, type=kind, role="feature")
        for name, kind in (("size", "integer"), ("sex", "string"), ("age", "number"))
    )
    task = "binary" if classes else "regression"
    return Signature(inputs=inputs, target="price", target_type="number", task=task, classes=classes)


def number(rows):
    """A price that looks at the sex from size 90 on, and falls with the size below 5."""
    size = rows.column("size").to_numpy().astype(float)
    male = np.array(rows.column("sex").to_pylist()) == "m"
    output = np.where(size < 5, 10 - size, size) + 3.0 * (male & (size >= 90))
    return Answers(truth=np.zeros(len(size)), output=output)


def classes(rows):
    """Old rows are bad, but for three of them."""
    age = rows.column("age").to_numpy()
    chance = np.where((age >= 50) & (rows.column("size").to_numpy() > 38), 0.9, 0.2)
    both = np.column_stack([1 - chance, chance])
    return Answers(truth=np.zeros(len(age)), output=(chance > 0.5).astype(int), probabilities=both, classes=2)


def found(ask=number, names=(), **test):
    return behaves(BehaviourSpec(name="it", **test), TABLE, ask, signature(names), 1)


def test_an_invariance_counts_the_rows_that_move_and_shows_the_worst():
    result = found(kind="invariance", column="sex", to="f")
    assert (result.rows, result.failed, result.passed) == (100, 5, False)
    assert len(result.examples) == 3
    for example in result.examples:
        assert example["row"]["sex"] == "m"
        assert example["row"]["size"] >= 90
        assert example["answers"][0] - example["answers"][1] == 3.0
    assert found(kind="invariance", column="sex", to="f", tolerance=3.0).passed
    assert found(kind="invariance", column="sex", to="f", failing=0.05).passed
    assert found(kind="invariance", column="age").failed == 0
    assert found(kind="invariance", column="sex").failed > 0


def test_a_direction_counts_the_rows_that_fall():
    result = found(kind="direction", column="size", by=1)
    assert (result.failed, [one["row"]["size"] for one in result.examples]) == (5, [0, 1, 2])
    assert found(kind="direction", column="size", by=1, where="size >= 5 and size < 89").passed
    assert found(kind="direction", column="size", by=-1, where="size > 5").failed > 80


def test_a_direction_of_two_classes_is_that_of_the_probability():
    assert found(classes, ("good", "bad"), kind="direction", column="age", by=5).passed
    assert found(classes, ("good", "bad"), kind="direction", column="age", by=-30).failed > 0


def test_a_minimum_counts_rows_that_are_not_answered_so():
    result = found(classes, ("good", "bad"), kind="minimum", where="age >= 50", answer="bad")
    wrong = [n for n in range(100) if 20 + n % 40 >= 50 and n <= 38]
    assert (result.failed, result.passed) == (len(wrong), False)
    assert result.examples[0]["answers"] == [["good", 0.8]]
    assert found(kind="minimum", min=5, max=103).passed
    assert found(kind="minimum", max=99, where="size > 95").failed == 2


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ({"kind": "invariance", "column": "price"}, "is no feature"),
        ({"kind": "invariance", "column": "age", "to": "old"}, "cannot be changed to 'old'"),
        ({"kind": "direction", "column": "sex"}, "cannot be raised by 1"),
        ({"kind": "minimum", "answer": "bad"}, "the model answers numbers, not 'bad'"),
    ],
)
def test_what_does_not_fit_the_model_is_told(test, said):
    with pytest.raises(UsageError, match=said):
        found(**test)


def test_no_rows_are_no_failure():
    assert (found(kind="minimum", min=0, where="size > 1000").rows, found(kind="minimum", min=0).passed) == (
        0,
        True,
    )


def test_tests_without_sense_are_told():
    assert [key for key, _ in complaints(BehaviourSpec(name="a", kind="minimum"))] == ["kind"]
    assert [key for key, _ in complaints(BehaviourSpec(name="a", kind="direction", by=0.0, failing=1.0))] == [
        "kind",
        "by",
        "failing",
    ]
