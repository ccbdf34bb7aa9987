"""What people type to name a version, a run or a prediction."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlctl.domain.errors import InvalidName
from mlctl.domain.selector import instant, parse


def said(text: str) -> dict:
    selector = parse(text)
    fields = ("kind", "name", "number", "stage", "latest", "back", "moment")
    return {name: value for name in fields if (value := getattr(selector, name))}


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("demand@7", {"name": "demand", "number": 7}),
        ("demand@production", {"name": "demand", "stage": "production"}),
        ("production", {"name": "production"}),
        ("demand@production~1", {"name": "demand", "stage": "production", "back": 1}),
        ("demand@production~", {"name": "demand", "stage": "production", "back": 1}),
        ("production~2", {"name": "production", "back": 2}),
        ("demand@latest", {"name": "demand", "latest": True}),
        ("rides@3", {"name": "rides", "number": 3}),
        ("run:01JD8", {"kind": "run", "name": "01JD8"}),
        ("prediction:01JD", {"kind": "prediction", "name": "01JD"}),
        ("model:demand@2", {"kind": "model", "name": "demand", "number": 2}),
        ("demand@{2026-11-01T12:00Z}", {"name": "demand", "moment": "2026-11-01T12:00:59.999Z"}),
        (
            "demand@production~1@{2026-11-01}",
            {"name": "demand", "stage": "production", "back": 1, "moment": "2026-11-01T23:59:59.999Z"},
        ),
        ("demand@07", {"name": "demand", "stage": "07"}),
    ],
)
def test_a_selector_says_what_it_looks_like(text, meaning):
    assert said(text) == meaning


@pytest.mark.parametrize(
    "text", ["", " ", "@7", "demand@", "demand@7~1", "image:x", "demand@{noon}", "~1", "run:"]
)
def test_what_names_nothing_is_refused(text):
    with pytest.raises(InvalidName):
        parse(text)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(InvalidName):
        assert parse(text).name


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-01", "2026-11-01T23:59:59.999Z"),
        ("2026-11-01T12:00Z", "2026-11-01T12:00:59.999Z"),
        ("2026-11-01T12:00:30Z", "2026-11-01T12:00:30.999Z"),
        ("2026-11-01T12:00:30.250Z", "2026-11-01T12:00:30.250Z"),
        ("2026-11-01T12:00:30", "2026-11-01T12:00:30.999Z"),
        ("2026-11-01T12:00+02:00", "2026-11-01T10:00:59.999Z"),
        ("2026-11-01T12:00:30+02:00", "2026-11-01T10:00:30.999Z"),
    ],
)
def test_a_moment_is_the_end_of_what_was_said(text, moment):
    assert instant(text) == moment
