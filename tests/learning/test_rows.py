import pyarrow as pa
import pytest

from mlctl.domain.errors import ColumnMissing, TrainingFailed
from mlctl.domain.spec import ModelSpec
from mlctl.learning.rows import classes_of, identities, learnable, targets, task_of


def spec(**over):
    return ModelSpec(**{"data": "rides", "target": "y", **over})


def column(values):
    return pa.table({"y": values}).column("y")


def test_rows_that_train_where_leaves_out_and_rows_without_target_are_counted():
    table = pa.table({"x": [1, 2, 3, 4], "y": [1.0, None, float("nan"), 4.0]})
    kept = learnable(table, spec(train_where="x < 4"), "rides@1")
    assert kept.table.column("x").to_pylist() == [1]
    assert kept.dropped == {"train_where": 1, "target missing": 2}
    assert learnable(table, spec(train_where="x < 4"), "rides@1", where=False).table.num_rows == 2


def test_no_row_left_says_what_took_them():
    table = pa.table({"x": [1, 2], "y": [1.0, None]})
    with pytest.raises(TrainingFailed, match="train_where: 1, target missing: 1") as raised:
        learnable(table, spec(train_where="x > 1"), "rides@1")
    assert raised.value.hints == ("mlctl data show rides@1",)


def test_a_missing_target_column_is_named_with_the_nearest():
    with pytest.raises(ColumnMissing, match="cnt"):
        learnable(pa.table({"count": [1]}), spec(target="cnt"), "rides@1")


@pytest.mark.parametrize(
    ("values", "task"),
    [
        ([1.5, 2.5, 3.5], "regression"),
        ([1, 2, 3], "regression"),
        ([0, 1, 1], "binary"),
        ([True, False], "binary"),
        (["a", "b"], "binary"),
        (["a", "b", "c"], "multiclass"),
        ([0.0, 1.0], "regression"),
    ],
)
def test_the_task_follows_the_target(values, task):
    assert task_of(column(values), spec()) == task
    assert task_of(column(values), spec(task="multiclass")) == "multiclass"


def test_classes_are_in_natural_order_and_the_positive_one_comes_last():
    assert classes_of(column([10, 9, 2]), spec(), "multiclass", "d") == ("2", "9", "10")
    assert classes_of(column(["no", "yes"]), spec(), "binary", "d") == ("no", "yes")
    assert classes_of(column(["no", "yes"]), spec(positive="no"), "binary", "d") == ("yes", "no")
    assert classes_of(column([True, False, None]), spec(), "binary", "d") == ("false", "true")


@pytest.mark.parametrize(
    ("values", "over", "task", "complaint"),
    [
        (["a", "a"], {}, "binary", "one class only: 'a'"),
        (["a", "b", "c"], {}, "binary", "3 classes"),
        (["a", "b"], {"positive": "c"}, "binary", "no class"),
        ([str(n) for n in range(200)], {}, "multiclass", "200 classes"),
        (["a", "b"], {}, "regression", "not numbers"),
    ],
)
def test_a_target_that_can_not_be_learnt_is_refused_with_the_reason(values, over, task, complaint):
    with pytest.raises(TrainingFailed, match=complaint):
        classes_of(column(values), spec(**over), task, "rides@1")


def test_targets_are_numbers_or_class_indices():
    assert targets(column([1, 2]), ()).tolist() == [1.0, 2.0]
    assert targets(column(["b", "a", "c"]), ("a", "b")).tolist() == [1, 0, -1]
    assert targets(column([1, 0]), ("0", "1")).tolist() == [1, 0]


def test_a_row_goes_by_its_key_or_by_all_its_cells():
    table = pa.table({"id": [1, 2, 3], "x": [5, 5, None], "y": [1, 1, 1]})
    assert identities(table, ["id"]) == ["1", "2", "3"]
    by_cells = identities(table.drop_columns(["id"]), [])
    assert by_cells[0] == by_cells[1] != by_cells[2]
    assert len(set(identities(table, ["id", "x"]))) == 3
