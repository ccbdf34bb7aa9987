"""What `make demo` plays: the whole of 2012 by real commands and a real server, the figures, and a page."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPLAY = Path(__file__).parents[2] / "templates" / "bike-demand" / "demo" / "replay.py"


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_demo_serves_renews_and_shows_what_became_of_the_error(tmp_path):
    """The goal of the loop on these data: a mean absolute error of at most 40 with at most 6 trainings."""
    played = subprocess.run(
        [sys.executable, str(REPLAY), "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        timeout=1100,
        check=False,
    )
    assert played.returncode == 0, played.stdout + played.stderr
    frozen, renewed = map(float, re.search(r"^all +([\d.]+) +([\d.]+)", played.stdout, re.MULTILINE).groups())
    assert frozen == pytest.approx(89.3, abs=1)
    assert renewed <= 40
    assert 1 <= played.stdout.count("; train: demand@") + played.stdout.count("  train: demand@") <= 6
    assert "failed 0 times and ended with exit code 0" in played.stdout
    assert "mlctl fsck: clean" in played.stdout
    assert "yes: every digest on the way was checked" in played.stdout
    page = (tmp_path / "out" / "bike-demand.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 2
    assert not re.search(r"(src|href)=|@import|url\(", page)


@pytest.mark.slow
def test_the_demo_removes_nothing_but_what_an_earlier_one_left(tmp_path):
    kept = tmp_path / "notes.txt"
    kept.write_text("mine")
    played = subprocess.run(
        [sys.executable, str(REPLAY), "--out", str(tmp_path), "--until", "2012-01-03"],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert played.returncode == 0, played.stdout + played.stderr
    assert kept.read_text() == "mine"
