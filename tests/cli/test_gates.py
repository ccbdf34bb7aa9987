"""What gates say, as text."""

from mlctl.cli.gates import holding, not_judged, refused

NOTHING = "the stage holds nothing yet"


def test_a_refusal_is_a_line():
    assert refused([("mae.max", None, "too high"), ("mae.max", "night", "higher")]) == [
        "mae.max: too high",
        "mae.max (night): higher",
    ]


def test_gates_not_judged_for_one_reason_are_one_line():
    skipped = [
        ("mae.not_worse", None, NOTHING),
        ("r2.not_worse", "night", NOTHING),
        ("r2.not_worse", "weekend", NOTHING),
        ("r2.not_worse", "tiny", "3 rows of 100"),
    ]
    assert not_judged(skipped) == [
        f"not judged: mae.not_worse, r2.not_worse (night, weekend): {NOTHING}",
        "not judged: r2.not_worse (tiny): 3 rows of 100",
    ]


def test_many_slices_are_counted():
    skipped = [("mae.not_worse", part, NOTHING) for part in (None, "a", "b", "c", "d")]
    assert not_judged(skipped) == [f"not judged: mae.not_worse (all rows, 4 slices): {NOTHING}"]


def test_what_holds_is_a_line_with_its_evidence():
    assert holding([("after", None, "demand@7 has held staging")]) == [
        "after holds: demand@7 has held staging"
    ]
