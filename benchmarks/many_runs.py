"""S6 and S12: commands in a project of up to a hundred thousand runs, versions and decisions.

    python benchmarks/many_runs.py [--where FOLDER] [--runs N]... [--times N]

A small model is trained; then so many runs, versions (of ten models) and decisions are written straight into
the store. The commands are timed as whole processes, after a first call that brings the disposable tables
up to date. The last table says how they grow: S12 wants no step to grow faster than its input.
With `--where` the projects stay in the folder, and are used again.
"""

import argparse
import random
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from paired import run_once

from mlctl.domain.decision import Actor, Change, Entry
from mlctl.domain.ids import Digest, ulid
from mlctl.domain.model import Artefact, ModelVersion, Signature
from mlctl.domain.records import Fact, digest_of, encode
from mlctl.domain.run import CodeState, Environment, Run
from mlctl.store.repository import Repository
from mlctl.store.sealed_line import seal

MLCTL = str(Path(sys.executable).parent / "mlctl")
MODELS = 10
ACTOR = Actor(user="bench", host="here", via="terminal")
QUESTIONS = (
    ["runs"],
    ["runs", "-s", "mae < 30 and max_iter >= 200", "--sort", "mae", "-n", "20"],
    ["runs", "demand3", "-s", "status = 'failed'"],
    ["models"],
    ["models", "demand3"],
    ["status"],
    ["show", "demand3"],
    ["log", "-n", "20"],
    ["train"],
)
"""What changes nothing; `train` finds its run among all."""
IN_TURN = (["promote"], ["undo"])
"""What is timed in turn, each after the other."""


def project(root: Path) -> None:
    """A project with one small model, trained, judged and promoted once."""
    chance = random.Random(0)  # noqa: S311 - made-up numbers
    rows = [(number, chance.random() * 20) for number in range(400)]
    lines = [
        f"{number},2026-01-{number % 28 + 1:02},{temp:.3f},{10 + 3 * temp + chance.gauss(0, 2):.1f}"
        for number, temp in rows
    ]
    table = root.parent / f"{root.name}.csv"
    table.write_text("\n".join(["id,day,temp,cnt", *lines]) + "\n", encoding="utf-8")
    run_once([MLCTL, "init", root.name, "--from", str(table), "--target", "cnt"], root.parent)
    for step in ("train", "eval", "promote", "undo"):
        run_once([MLCTL, step], root)


def fill(root: Path, count: int) -> None:
    """So many runs and versions, with a decision for each."""
    repository = Repository.find(root)
    head = repository.decisions.names().head
    parent = repository.decisions.get(head).sha256
    spec = repository.objects.put(b'{"spec":1}\n')
    chance = random.Random(0)  # noqa: S311 - made-up numbers
    for number in range(1, count + 1):
        model, started = f"demand{number % MODELS}", datetime.fromtimestamp(2_000_000_000 + number, UTC)
        at = started.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        run = made_run(number, model, at, spec, chance)
        written(repository, run)
        made = written(repository, made_version(run, spec))
        name = f"models/{model}/{(number - 1) // MODELS + 1}"
        entry = Entry(
            format=1,
            number=head + number,
            id=f"{number:032x}",
            parent=parent,
            made_at=at,
            committed_at=at,
            actor=ACTOR,
            kind="train",
            command="mlctl train",
            changes=(Change(name=name, old=None, new=made),),
        )
        body = encode(entry)
        repository.layout.decision(entry.number).write_bytes(seal(body))
        parent = digest_of(body)
    Repository.find(root).decisions.names()  # keeps a checkpoint, as those who commit do


def written(repository: Repository, fact: Fact) -> Digest:
    """Put a fact where it belongs, without flushing it."""
    data = encode(fact)
    path = repository.layout.fact(fact.kind, digest_of(data))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return digest_of(data)


def made_run(number: int, model: str, started: str, spec: Digest, chance: random.Random) -> Run:
    """A run that never was."""
    return Run(
        created_at=started,
        run=ulid(2_000_000_000_000 + number, number.to_bytes(10, "big")),
        model=model,
        purpose="train",
        status="finished" if number % 17 else "failed",
        started_at=started,
        seconds=chance.random() * 100,
        cache_key=digest_of(b"key %d" % number),
        spec=spec,
        seed=number % 7,
        parameters={"max_iter": chance.choice([100, 200, 300]), "rate": round(chance.random(), 3)},
        metrics={"mae": chance.gauss(50, 9), "r2": chance.random(), "baseline.mae": 100.0},
        data=(),
        code=CodeState(commit="a" * 40, dirty=bool(number % 2)),
        environment=Environment(
            python="3.11", platform="linux", machine="x", cpus=2, packages={"numpy": "2"}
        ),
        command="mlctl train",
    )


def made_version(run: Run, spec: Digest) -> ModelVersion:
    """What the run would have made."""
    return ModelVersion(
        created_at=run.created_at,
        model=run.model,
        run=run.run,
        flavor="sklearn",
        artefacts=(Artefact(name="estimator.skops", sha256=spec, size=11),),
        estimator="sklearn.linear_model:Ridge",
        parameters={},
        features=(),
        signature=Signature(inputs=(), target="cnt", target_type="integer", task="regression"),
        rows=10,
    )


def timed(root: Path, times: int) -> Iterator[tuple[str, float, float]]:
    """Each command, the median of its times and the time of its first call, in seconds."""
    for question in QUESTIONS:
        first, *walls = [run_once([MLCTL, *question], root).wall for _ in range(times + 1)]
        yield " ".join(question), statistics.median(walls), first
    turns = [[run_once([MLCTL, *step], root).wall for step in IN_TURN] for _ in range(times + 1)]
    for step, (first, *walls) in zip(IN_TURN, zip(*turns, strict=True), strict=True):
        yield " ".join(step), statistics.median(walls), first


def main(arguments: Sequence[str] = ()) -> None:
    """Print a line for each command and number of runs, and how the commands grow."""
    parser = argparse.ArgumentParser(description="commands over many runs")
    parser.add_argument("--where", type=Path, default=None)
    parser.add_argument("--runs", type=int, action="append")
    parser.add_argument("--times", type=int, default=5)
    asked = parser.parse_args(arguments)
    counts = asked.runs or [1_000, 10_000, 100_000]
    found: dict[str, list[float]] = {}
    print("| runs | command | median | first call |\n| ---: | --- | ---: | ---: |")
    with tempfile.TemporaryDirectory() as passing:
        for count in counts:
            root = (asked.where or Path(passing)) / f"many-{count}"
            if not (root / "mlctl.toml").exists():
                project(root)
                fill(root, count)
            for told, median, first in timed(root, asked.times):
                found.setdefault(told.replace("|", "\\|"), []).append(median)
                print(f"| {count:,} | `{told}` | {median:.2f} s | {first:.2f} s |", flush=True)
    if len(counts) > 1:
        more = f"{counts[-1] / counts[0]:,.0f} times the runs"
        print(f"\n| command | {' | '.join(f'{count:,}' for count in counts)} | {more} |")
        print(f"| --- |{' ---: |' * (len(counts) + 1)}")
        for told, medians in found.items():
            each = " | ".join(f"{median:.2f} s" for median in medians)
            print(f"| `{told}` | {each} | {medians[-1] / medians[0]:.1f} times the time |")


if __name__ == "__main__":
    main(sys.argv[1:])
