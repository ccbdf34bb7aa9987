from hypothesis import given
from hypothesis import strategies as st

from mlctl.domain.promotion import standing


def test_promotions_pile_up_and_rollbacks_take_them_off():
    effects = [("a", False), ("b", False), ("c", False)]
    assert standing(effects) == ["a", "b", "c"]
    assert standing([*effects, ("b", True)]) == ["a", "b"]
    assert standing([*effects, ("b", True), ("a", True)]) == ["a"]


def test_a_promotion_after_a_rollback_stands_on_what_the_rollback_left():
    assert standing([("a", False), ("b", False), ("a", True), ("c", False)]) == ["a", "c"]


def test_the_same_value_twice_running_counts_once():
    assert standing([("a", False), ("a", False), ("b", False)]) == ["a", "b"]


def test_a_stage_that_was_emptied_starts_anew():
    assert standing([("a", False), (None, False), ("b", False)]) == ["b"]


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=12))
def test_rolling_back_step_by_step_visits_every_value_once_and_never_toggles(promoted):
    effects = [(value, False) for value in promoted]
    path = standing(effects)
    for length in range(len(path) - 1, 0, -1):
        effects.append((path[length - 1], True))
        assert standing(effects) == path[:length]
