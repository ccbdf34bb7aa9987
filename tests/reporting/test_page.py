"""The page: well formed, needing nothing else, with the plots of its task and the evaluation's numbers."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import msgspec
import numpy as np
import pytest

from mlctl.reporting.page import Kept, page
from mlctl.reporting.plots import RivalKept
from mlctl.statistics.metrics import Answers
from mlctl.statistics.resample import unit_codes
from tests.reporting.test_markdown import result

ROWS = 1500
MADE = "2026-11-27T16:23:00Z"
IMPLIED = {"p", "th", "td", "tr", "thead", "tbody", "meta", "br"}


class Page(HTMLParser):
    """Its elements and texts; every element that must be closed is."""

    def __init__(self, text):
        super().__init__()
        self.open, self.names, self.attributes, self.texts = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        self.attributes += attrs
        if tag not in IMPLIED:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.names.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        if tag not in IMPLIED:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def numbers():
    random = np.random.default_rng(0)
    truth = random.normal(100, 20, ROWS)
    return Kept(
        answers=Answers(truth=truth, output=truth + random.normal(0, 5, ROWS)),
        moments=np.datetime64("2026-01-01", "ms") + np.arange(ROWS) * np.timedelta64(3_600_000, "ms"),
        units=unit_codes(np.arange(ROWS) // 24),
        classes=(),
        target="<cnt>",
    )


def classes(names):
    random = np.random.default_rng(0)
    chances = random.dirichlet(np.ones(len(names)), ROWS)
    truth = (chances.cumsum(axis=1) > random.random((ROWS, 1))).argmax(axis=1)
    answers = Answers(
        truth=truth,
        output=chances.argmax(axis=1),
        probabilities=chances,
        classes=len(names),
        positive=len(names) - 1 if len(names) == 2 else 1,
    )
    units = unit_codes(np.arange(ROWS))
    return Kept(answers=answers, moments=None, units=units, classes=names, target="kind")


def titles(read):
    return [value for name, value in read.attributes if name == "aria-label"]


def test_numbers_have_residuals_against_prediction_and_over_time():
    text = page(result(), numbers(), MADE)
    read = Page(text)
    assert titles(read) == [
        "mae by slice",
        "Predicted against true",
        "Residuals against prediction",
        "Residuals",
        "Size of the error by prediction",
        "Residuals over time",
    ]
    assert "predicted <cnt>" in read.texts


def test_two_classes_have_calibration_roc_precision_and_confusion():
    read = Page(page(result(), classes(("no", "<b>yes")), MADE))
    plots = titles(read)[1:]
    assert plots == ["Calibration", "Answered probabilities", "ROC", "Precision and recall", "Confusion"]
    assert "answered probability of <b>yes" in read.texts


def test_many_classes_have_the_calibration_of_what_is_answered():
    assert titles(Page(page(result(), classes(tuple("abcde")), MADE)))[1:] == ["Calibration", "Confusion"]


def test_without_probabilities_there_is_the_confusion_alone():
    kept = classes(("no", "yes"))
    bare = Answers(truth=kept.answers.truth, output=kept.answers.output, classes=2)
    kept = Kept(answers=bare, moments=None, units=kept.units, classes=kept.classes, target="kind")
    assert titles(Page(page(result(), kept, MADE)))[1:] == ["Confusion"]


@pytest.mark.parametrize("kept", [numbers(), classes(("no", "yes"))])
def test_it_needs_nothing_else_and_no_number_is_broken(kept):
    text = page(result(), kept, MADE)
    read = Page(text)
    assert not {"script", "link", "img", "iframe", "object"} & set(read.names)
    assert not [value for name, value in read.attributes if name in {"src", "href", "srcset"}]
    assert "url(http" not in text
    assert "@import" not in text
    assert not re.search(r"[\"\s,](nan|inf|-inf)[\"\s,]", text)
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_it_has_the_numbers_the_found_slices_and_the_reasons():
    text = "".join(Page(page(result(), numbers(), MADE)).texts)
    for said in (
        "demand@2 is worse than demand@1",
        "31.77",
        "[24.58, 41.17]",
        "+0.6924",
        "hr >= 6 and hr < 12",
    ):
        assert said in text
    assert "mae.not_worse (night)" in text
    assert "gates of production: refused" in text


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_next_to_no_rows_are_no_error(rows):
    kept = Kept(
        answers=Answers(truth=np.ones(rows), output=np.ones(rows)),
        moments=np.full(rows, np.datetime64("NaT", "ms")),
        units=unit_codes(np.arange(rows)),
        classes=(),
        target="cnt",
    )
    Page(page(result(), kept, MADE))


def beside(kept, label="demand@<1>", count=ROWS // 2):
    """The same with an incumbent on some of the rows: its answers are those of the other half."""
    rows = np.arange(ROWS) < count
    own = kept.answers
    chances = None if own.probabilities is None else own.probabilities[::-1][rows]
    other = replace(own, truth=own.truth[rows], output=own.output[::-1][rows], probabilities=chances)
    return msgspec.structs.replace(kept, rival=RivalKept(label=label, answers=other, rows=rows))


def curves(text):
    """Titles of the charts in which a second model is drawn, and each of its lines."""
    charts = re.findall(r'<svg[^>]*aria-label="([^"]*)">(.*?)</svg>', text)
    lines = {title: re.findall(r'<polyline class="rival" points="([^"]*)"', marks) for title, marks in charts}
    return {title: found for title, found in lines.items() if found}


def test_the_incumbents_curves_are_beside_the_candidates():
    text = page(result(), beside(numbers()), MADE)
    assert list(curves(text)) == [
        "Predicted against true",
        "Residuals against prediction",
        "Residuals",
        "Size of the error by prediction",
        "Residuals over time",
    ]
    read = Page(text)
    assert "demand@<1> (on the 750 rows that neither has learnt from)" in "".join(read.texts)
    assert not re.search(r"[\"\s,](nan|inf|-inf)[\"\s,]", text)


def test_of_classes_the_curves_are_those_of_the_incumbents_probabilities():
    kept = beside(classes(("no", "yes")), count=ROWS)
    text = page(result(), kept, MADE)
    found = curves(text)
    assert list(found) == ["Calibration", "ROC", "Precision and recall"]
    own = re.findall(r'<polyline class="own" points="([^"]*)"', text)
    assert len(found["ROC"]) == 1
    assert found["ROC"][0] not in own, "it is another model's"
    assert "learnt from)" not in "".join(Page(text).texts), "all rows were compared"
    bare = replace(kept.rival.answers, probabilities=None)
    without = msgspec.structs.replace(kept.rival, answers=bare)
    assert curves(page(result(), msgspec.structs.replace(kept, rival=without), MADE)) == {}
    assert curves(page(result(), classes(("no", "yes")), MADE)) == {}


def test_gates_that_hold_are_told_with_what_they_have_seen():
    texts = Page(page(result(), numbers(), MADE)).texts
    assert texts[texts.index("holds") : texts.index("holds") + 3] == [
        "holds", "r2.min", "r2 0.8198 is at least 0.5",
    ]  # fmt: skip
