"""Progress: drawn over on a terminal, one line a step elsewhere."""

import io

import pytest

from mlctl.cli.progress import Progress, amount, line
from mlctl.domain.progress import Event


def events(step, total):
    return [Event(step=step, done=done, total=total, unit="fits") for done in range(total + 1)]


def test_where_there_is_no_terminal_a_step_is_one_line():
    stream = io.StringIO()
    report = Progress(stream, live=False)
    for event in [*events("fit", 5), *events("score", 3)]:
        report(event)
    report.clear()
    assert stream.getvalue() == "fit\nscore\n"


def test_on_a_terminal_one_line_is_drawn_over_and_taken_away():
    stream = io.StringIO()
    report = Progress(stream, live=True, width=40)
    for event in events("fit", 5):
        report(event)
    report.clear()
    text = stream.getvalue()
    assert "\n" not in text
    assert text.endswith("\r\x1b[2K")
    assert all(len(part) < 40 for part in text.split("\r\x1b[2K"))
    assert "5/5 fits" in line(events("fit", 5)[-1])


@pytest.mark.parametrize(
    ("count", "unit", "text"),
    [(3, "files", "3 files"), (3, "", "3"), (512, "bytes", "512 B"), (3 << 20, "bytes", "3.0 MiB")],
)
def test_amounts_have_their_unit(count, unit, text):
    assert amount(count, unit) == text


@pytest.mark.parametrize("done", range(8))
def test_a_bar_is_always_as_wide(done):
    assert len(line(Event(step="s", done=done, total=7)).split("]")[0]) == len("s [") + 24


@pytest.mark.parametrize(
    ("event", "seconds", "text"),
    [
        (Event(step="hash d", done=3, unit="files", bytes=3 << 20), 9.0, "hash d 3 files, 3.0 MiB"),
        (Event(step="s", done=1, total=4, unit="files", bytes=1), 1.0, "1/4 files, 1 B"),
        (Event(step="s", done=1, total=4, unit="files"), 10.0, "1/4 files, 30 s left"),
        (Event(step="s", done=1, total=4, unit="files", bytes=1, total_bytes=101), 3.0, "101 B, 5:00 left"),
        (Event(step="s", done=1, total=10_001, unit="files"), 3.0, "1/10001 files, 8 h left"),
        (Event(step="s", done=4, total=4, unit="files"), 10.0, "4/4 files"),
    ],
)
def test_files_have_their_bytes_and_a_step_that_takes_long_says_how_long_the_rest_will(event, seconds, text):
    assert line(event, 120, seconds).endswith(text)
