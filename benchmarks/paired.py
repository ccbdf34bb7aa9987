"""Paired timing of whole processes: A B A B ..., medians and the median of the ratios pair by pair."""

import os
import resource
import statistics
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One run of one command: wall and CPU seconds."""

    wall: float
    cpu: float


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Two commands side by side; `ratio` is b over a, so above 1 means that a is faster."""

    name: str
    a: str
    b: str
    a_wall: float
    b_wall: float
    a_cpu: float
    b_cpu: float
    wall_ratio: float
    cpu_ratio: float
    goal: str


def environment() -> dict[str, str]:
    """The environment of both sides: compiled bytecode allowed, one thread for numeric libraries."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**inherited, "OMP_NUM_THREADS": "1"}


def run_once(command: Sequence[str], folder: Path) -> Sample:
    """Time one process from start to end.

    Raises:
        SystemExit: it failed; a benchmark of a failing command measures nothing.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed with {done.returncode}:\n{done.stdout}{done.stderr}")
    return Sample(wall=wall, cpu=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def compare(
    name: str,
    a: tuple[str, Sequence[str], Path],
    b: tuple[str, Sequence[str], Path],
    *,
    goal: str,
    runs: int = 7,
) -> Pair:
    """Run two commands in turn after one warm-up each; each is (label, command, folder)."""
    for _, command, folder in (a, b):
        run_once(command, folder)
    samples = [(run_once(a[1], a[2]), run_once(b[1], b[2])) for _ in range(runs)]
    return Pair(
        name=name,
        a=a[0],
        b=b[0],
        a_wall=statistics.median(x.wall for x, _ in samples),
        b_wall=statistics.median(y.wall for _, y in samples),
        a_cpu=statistics.median(x.cpu for x, _ in samples),
        b_cpu=statistics.median(y.cpu for _, y in samples),
        wall_ratio=statistics.median(y.wall / x.wall for x, y in samples),
        cpu_ratio=statistics.median(y.cpu / x.cpu for x, y in samples),
        goal=goal,
    )


def table(pairs: Sequence[Pair]) -> str:
    """The pairs as a Markdown table, times in milliseconds."""
    lines = [
        "| workload | ours | ms | peer | ms | peer / ours (wall) | (CPU) | goal |",
        "| --- | --- | ---: | --- | ---: | ---: | ---: | --- |",
    ]
    lines += [
        f"| {p.name} | {p.a} | {p.a_wall * 1000:.0f} | {p.b} | {p.b_wall * 1000:.0f} | {p.wall_ratio:.2f} "
        f"| {p.cpu_ratio:.2f} | {p.goal} |"
        for p in pairs
    ]
    return "\n".join(lines)
