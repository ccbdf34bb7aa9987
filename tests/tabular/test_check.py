import pyarrow as pa
import pytest

from mlctl.domain.errors import UsageError
from mlctl.domain.spec import DataSpec
from mlctl.tabular.check import check_table, run_checks

TABLE = pa.table(
    {"id": [1, 2, 2, None], "hum": [0.0, 0.5, None, 2.0], "code": ["A1", "B2", "x", None], "a": [1, 2, 3, 4]}
)


@pytest.mark.parametrize(
    ("check", "failed"),
    [
        ("not_null(id)", [4]),
        ("not_null(a)", []),
        ("unique(id)", [3]),
        ("unique(id, a)", []),
        ("between(hum, 0.01, 1)", [1, 4]),
        ("in(code, 'A1', 'B2')", [3]),
        ("matches(code, '[A-Z][0-9]')", [3]),
        ("matches(code, '[A-Z]')", [1, 2, 3]),
        ("row_count(>= 4)", []),
        ("a > 1 or hum = 0", []),
        ("hum < a", []),
        ("hum >= 0.5", [1]),
    ],
)
def test_the_rows_that_break_a_check(check: str, failed: list[int]) -> None:
    (result,) = run_checks(TABLE, [check])
    assert result.passed == (not failed)
    assert [example["row"] for example in result.examples] == failed
    assert result.failed == len(failed)


def test_an_example_shows_the_value_or_all_values() -> None:
    one, two = run_checks(TABLE, ["between(hum, 0.01, 1)", "hum < 1 or a < 4"])
    assert one.examples[0] == {"row": 1, "value": 0.0}
    assert two.examples[0] == {"row": 4, "value": {"hum": 2.0, "a": 4}}


def test_no_more_than_five_examples_are_kept() -> None:
    (result,) = run_checks(pa.table({"a": list(range(100))}), ["a < 0"])
    assert (result.failed, len(result.examples)) == (100, 5)


def test_a_table_with_too_few_rows_fails_as_a_whole() -> None:
    (result,) = run_checks(TABLE, ["row_count(>= 1000)"])
    assert (result.passed, result.why) == (False, "4 rows")


def test_a_check_of_a_column_that_is_not_there_has_failed() -> None:
    (result,) = run_checks(TABLE, ["not_null(hmu)"])
    assert not result.passed
    assert "did you mean 'hum'" in result.why


def test_a_check_that_compares_the_wrong_things_has_failed() -> None:
    (result,) = run_checks(TABLE, ["code > 3"])
    assert (result.passed, result.why) == (False, "text is compared with a number")


def test_a_text_that_is_no_check_is_an_error() -> None:
    with pytest.raises(UsageError, match="did you mean 'unique'"):
        run_checks(TABLE, ["uniq(id)"])


def test_the_checks_of_a_dataset_are_those_it_declares() -> None:
    spec = DataSpec(path="t.csv", checks=["not_null(a)", "not_null(id)"])
    assert [result.passed for result in check_table(TABLE, spec)] == [True, False]
