from mlctl.domain.nearest import nearest, slips


def test_the_nearest_name_is_the_one_with_fewest_slips() -> None:
    assert nearest("estimatr", ["estimator", "target", "data"]) == "estimator"
    assert nearest("mea", ["mae", "medae", "rmse"]) == "mae"
    assert nearest("MAE", ["mae"]) == "mae"


def test_the_beginning_of_a_name_is_near_it() -> None:
    assert nearest("uniq", ["not_null", "unique"]) == "unique"


def test_nothing_is_near_when_more_than_a_third_is_wrong() -> None:
    assert nearest("colour", ["target", "data"]) is None
    assert nearest("x", []) is None


def test_a_swap_of_neighbours_is_one_slip() -> None:
    assert slips("ab", "ba") == 1
    assert slips("kitten", "sitting") == 3
    assert slips("", "abc") == 3
