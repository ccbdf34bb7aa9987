"""S6 and S12: `runs`, `models` and `status` with a hundred thousand runs, each of which made a version.

    python benchmarks/many_runs.py [--where FOLDER] [--runs N]... [--times N]

A project of so many runs (ten models) is written straight into the store, with decisions of a thousand
versions each; then the commands are timed as whole processes, after one call that brings the disposable
tables up to date.
"""

import argparse
import random
import statistics
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from paired import run_once

from mlctl.domain.decision import Actor, Change, Draft
from mlctl.domain.ids import Digest, ulid
from mlctl.domain.model import Artefact, ModelVersion, Signature
from mlctl.domain.records import Fact, digest_of, encode
from mlctl.domain.run import CodeState, Environment, Run
from mlctl.store.repository import Repository

MLCTL = str(Path(sys.executable).parent / "mlctl")
MODELS = 10
BATCH = 1000
T = "2026-11-01T00:00:00.000Z"
ACTOR = Actor(user="bench", host="here", via="terminal")
QUESTIONS = (
    ["runs"],
    ["runs", "-s", "mae < 30 and max_iter >= 200", "--sort", "mae", "-n", "20"],
    ["runs", "demand3", "-s", "status = 'failed'"],
    ["models"],
    ["models", "demand3"],
    ["status"],
)


def fill(root: Path, count: int) -> None:
    """A project with so many runs and versions."""
    repository = Repository.create(root, actor=ACTOR, command="init", now=lambda: T)
    (root / "mlctl.toml").write_text('spec = 1\n[project]\nname = "many"\n', encoding="utf-8")
    spec = repository.objects.put(b'{"spec":1}\n')
    chance = random.Random(0)  # noqa: S311 - made-up numbers
    moves: dict[str, str] = {}

    def write(fact: Fact) -> Digest:
        data = encode(fact)
        path = repository.layout.fact(fact.kind, digest_of(data))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return digest_of(data)

    for number in range(1, count + 1):
        run, model = ulid(1_793_491_200_000 + number, number.to_bytes(10, "big")), f"demand{number % MODELS}"
        started = datetime.fromtimestamp(1_793_491_200 + number, UTC).isoformat().replace("+00:00", "Z")
        write(
            Run(
                created_at=started,
                run=run,
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
        )
        version = ModelVersion(
            created_at=started,
            model=model,
            run=run,
            flavor="sklearn",
            artefacts=(Artefact(name="estimator.skops", sha256=spec, size=11),),
            estimator="sklearn.linear_model:Ridge",
            parameters={},
            features=(),
            signature=Signature(inputs=(), target="cnt", target_type="integer", task="regression"),
            rows=10,
        )
        moves[f"models/{model}/{(number - 1) // MODELS + 1}"] = write(version)
        if len(moves) == BATCH or number == count:
            changes = tuple(Change(name=name, old=None, new=new) for name, new in moves.items())
            repository.decisions.commit(
                lambda _names, changes=changes: Draft(kind="train", changes=changes),
                actor=ACTOR,
                command="mlctl train",
                now=lambda: T,
            )
            moves = {}


def main(arguments: Sequence[str] = ()) -> None:
    """Print a line for each command and number of runs."""
    parser = argparse.ArgumentParser(description="commands over many runs")
    parser.add_argument("--where", default=None)
    parser.add_argument("--runs", type=int, action="append")
    parser.add_argument("--times", type=int, default=5)
    asked = parser.parse_args(arguments)
    print("| runs | command | median | first call |\n| ---: | --- | ---: | ---: |")
    for count in asked.runs or [1_000, 10_000, 100_000]:
        with tempfile.TemporaryDirectory(dir=asked.where) as folder:
            root = Path(folder) / "many"
            fill(root, count)
            for question in QUESTIONS:
                first = run_once([MLCTL, *question], root).wall
                walls = [run_once([MLCTL, *question], root).wall for _ in range(asked.times)]
                told = " ".join(question).replace("|", "\\|")
                print(
                    f"| {count:,} | `{told}` | {statistics.median(walls):.2f} s | {first:.2f} s |", flush=True
                )


if __name__ == "__main__":
    main(sys.argv[1:])
