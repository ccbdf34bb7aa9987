"""The writer of points, in processes that are really killed and really fork."""

import json
import math
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from mlctl.domain.points import read_points
from mlctl.inside.points import PointWriter


@pytest.fixture
def file(tmp_path):
    return tmp_path / "points.jsonl"


def test_a_line_is_one_json_object_that_any_language_reads(file):
    before = time.time()
    writer = PointWriter(file, flushes=True)
    writer.write(3, {"loss": 0.25, "rate": np.float32(0.5), "rows": 7})
    writer.write(2, {"loss": math.nan, "rate": -math.inf})
    writer.close()
    first, second = [json.loads(line) for line in file.read_text().splitlines()]
    assert before <= first.pop("time") <= time.time()
    assert first == {"step": 3, "loss": 0.25, "rate": 0.5, "rows": 7.0}
    assert (second["loss"], second["rate"]) == ("nan", "-inf")


@pytest.mark.parametrize("values", [{"time": 1.0}, {"step": 1.0}, {"loss": "high"}, {"loss": None}])
def test_what_is_no_point_is_refused_and_nothing_is_written(file, values):
    writer = PointWriter(file, flushes=False)
    with pytest.raises((TypeError, ValueError)):
        writer.write(1, values)
    assert file.read_bytes() == b""


def test_a_point_survives_a_kill_right_after_it_was_logged(file):
    source = f"""
import os
from pathlib import Path
from mlctl.inside.points import PointWriter
writer = PointWriter(Path({str(file)!r}), flushes=False)
for step in range(1000):
    writer.write(step, {{"loss": 1 / (step + 1)}})
os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", source], check=False).returncode == -9
    assert [point.step for point in read_points(file.read_bytes()).series["loss"]] == list(range(1000))


def test_processes_of_one_run_do_not_write_into_each_others_lines(file):
    writer = PointWriter(file, flushes=False)
    children = []
    for child in range(4):
        pid = os.fork()
        if not pid:
            for step in range(2000):
                writer.write(step, {f"worker{child}": float(step), "x" * (child * 300 + 1): 1.0})
            os._exit(0)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * 4
    read = read_points(file.read_bytes())
    assert read.unread == 0
    assert all(len(read.series[f"worker{child}"]) == 2000 for child in range(4))
