import pytest

from mlctl.domain.check import parse_check
from mlctl.domain.expression_tokens import ExpressionError


@pytest.mark.parametrize(
    ("text", "kind", "columns"),
    [
        ("not_null(cnt)", "rows", ["cnt"]),
        ("unique(dteday, hr)", "unique", ["dteday", "hr"]),
        ("between(hum, 0.01, 1)", "rows", ["hum"]),
        ("in(season, 1, 2)", "rows", ["season"]),
        ("matches(code, '[A-Z]+')", "matches", ["code"]),
        ("row_count(>= 10)", "row_count", []),
        ("casual + registered = cnt", "rows", ["casual", "registered", "cnt"]),
        ('not_null("hours-per-week")', "rows", ["hours-per-week"]),
        ("between(low, low, high)", "rows", ["low", "high"]),
    ],
)
def test_the_forms(text: str, kind: str, columns: list[str]) -> None:
    check = parse_check(text)
    assert check.kind == kind
    assert [name.name for name in check.columns] == columns


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("uniqe(instant)", "did you mean 'unique'"),
        ("not_null(a, b)", "one column"),
        ("not_null()", "expected a column"),
        ("between(hum, 1)", "lowest and a highest"),
        ("in(season)", "its values"),
        ("matches(code, 'a(')", "regular expression"),
        ("row_count(10)", "comparison"),
        ("not_null(cnt) and", "unexpected 'and'"),
        ("cnt + 1", "not a condition"),
    ],
)
def test_a_text_that_is_no_check_says_why(text: str, says: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_check(text)
    assert says in caught.value.reason
