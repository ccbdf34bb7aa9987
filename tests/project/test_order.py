"""Metrics in the order of the spec."""

from mlctl.project.order import in_order


def test_declared_names_come_first_and_others_keep_their_order():
    assert list(in_order({"bias": 1, "mae": 2, "r2": 3}, ["mae", "r2", "gone"])) == ["mae", "r2", "bias"]


def test_without_a_declaration_the_usual_order_of_a_task_holds():
    assert list(in_order({"macro_f1": 1, "accuracy": 2}, ())) == ["accuracy", "macro_f1"]
    assert list(in_order({"own": 1, "accuracy": 2}, ())) == ["own", "accuracy"]
    assert in_order({}, ()) == {}
