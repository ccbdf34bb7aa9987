"""A project with two small fitted models and a stage, made without `train`, for the verbs that serve."""

import atexit
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from mlctl.domain import refs
from mlctl.domain.decision import Actor, Change, Draft
from mlctl.domain.ids import Digest
from mlctl.domain.model import Artefact, Input, ModelVersion, Signature
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.run import CodeState, Environment, Run
from mlctl.domain.run import DataUse as Use
from mlctl.learning.flavors import saved
from mlctl.project.session import Session
from mlctl.store.repository import Repository
from mlctl.tabular.encode import Encoder
from mlctl.tabular.encode_table import fit_encodings, matrix_from_table
from mlctl.tabular.read import read_table
from mlctl.verbs.data_add import data_add

ACTOR = Actor(name="Ada", email="ada@example.org", user="ada", host="here", via="terminal")
SPEC = """spec = 1
[project]
name = "bikes"
[data.rides]
path = "rides.csv"
key = ["instant"]
time = ["day", "hr"]
[model.demand]
data = "rides"
target = "cnt"
estimator = "sklearn.ensemble:HistGradientBoostingRegressor"
[model.demand.serve]
log = "{log}"
max_body = 200000
"""
FEATURES = ("hr", "temp", "weather", "holiday")
TYPES = {
    "instant": "integer",
    "day": "date",
    "hr": "integer",
    "temp": "number",
    "weather": "string",
    "holiday": "boolean",
}


def rows(count=400, seed=1):
    """Rows as a program would hold them, every 10th without a temperature."""
    random = np.random.default_rng(seed)
    for number in range(count):
        hour = int(random.integers(24))
        temp = None if number % 10 == 9 else round(float(random.normal(15, 8)), 3)
        weather = str(random.choice(["clear", "mist", "rain"]))
        yield {
            "instant": number + 1,
            "day": f"2012-01-{1 + number % 28:02d}",
            "hr": hour,
            "temp": temp,
            "weather": weather,
            "holiday": bool(number % 13 == 0),
            "cnt": round(
                10 * hour + (temp or 12) + (50 if weather == "clear" else 0) + float(random.normal()), 2
            ),
        }


def csv_of(dicts):
    """The rows as CSV text."""
    dicts = list(dicts)
    texts = [",".join(dicts[0])]
    texts += [
        ",".join("" if v is None else str(v).lower() if isinstance(v, bool) else str(v) for v in row.values())
        for row in dicts
    ]
    return "\n".join(texts) + "\n"


@functools.cache
def _built(log: str, task: str) -> tuple[Path, dict[int, Digest], Digest]:
    """One such project a process, to be copied; fitting and git take most of a second."""
    root = Path(tempfile.mkdtemp(prefix="mlctl-served-")) / "bikes"
    atexit.register(shutil.rmtree, root.parent, ignore_errors=True)
    made = Builder(root, log=log, task=task)
    return root, made.versions, made.dataset


class Builder:
    """A repository with versions 1 and 2 of `demand`, neither on a stage."""

    def __init__(self, root: Path, *, log, task):
        self.root = root
        root.mkdir(parents=True)
        subprocess.run(["git", "init", "-q", str(root)], check=True)
        (root / "mlctl.toml").write_text(SPEC.format(log=log))
        (root / "rides.csv").write_text(csv_of(rows()))
        Repository.create(root, actor=ACTOR, command="mlctl init", now=lambda: "2026-11-01T00:00:00.000Z")
        self.session = Session(Repository.find(root), command="mlctl test", actor=ACTOR)
        before = Path.cwd()
        os.chdir(root)
        try:
            data_add(self.session, DataAddRequest(paths=("rides.csv",)))
        finally:
            os.chdir(before)
        self.dataset = Digest(self.session.repository.decisions.names().value("datasets/rides/1"))
        self.versions = {number: self.register(number, task) for number in (1, 2)}

    def register(self, number: int, task: str) -> Digest:
        """Fit and store a version whose answers tell it from the other."""
        store, session = self.session.repository, self.session
        table = read_table(self.root / "rides.csv")
        encodings = fit_encodings(
            table, [(name, None) for name in FEATURES], allow_nan=True, native_categories=True, scale=False
        )
        matrix = matrix_from_table(Encoder(encodings), table)
        target = np.array(table.column("cnt").to_pylist()) + 10_000 * number
        if task == "regression":
            estimator = HistGradientBoostingRegressor(max_iter=20, random_state=number).fit(matrix, target)
        else:
            codes = (target > np.median(target)).astype(int)
            estimator = HistGradientBoostingClassifier(max_iter=10 * number, random_state=number).fit(
                matrix, codes
            )
        flavor, files = saved(estimator)
        artefacts = tuple(
            Artefact(name=name, sha256=store.objects.put(data), size=len(data))
            for name, data in files.items()
        )
        run = self.run(number)
        first = next(rows(1))
        version = ModelVersion(
            created_at=session.now(),
            model="demand",
            run=run.run,
            flavor=flavor,
            artefacts=artefacts,
            estimator="sklearn.ensemble:HistGradientBoosting",
            parameters={},
            features=encodings,
            signature=Signature(
                inputs=tuple(
                    Input(
                        name=name,
                        type=type_,
                        role="feature" if name in FEATURES else "context",
                        nullable=name == "temp",
                    )
                    for name, type_ in TYPES.items()
                ),
                target="cnt",
                target_type="number" if task == "regression" else "string",
                task=task,
                classes=() if task == "regression" else ("few", "many"),
                example={name: first[name] for name in TYPES},
            ),
            rows=400,
            time=("day", "hr"),
            key=("instant",),
            datasets=(self.dataset,),
        )
        digest = store.facts.add(version)
        self.decide("train", refs.model_version("demand", number), digest)
        return digest

    def run(self, number: int) -> Run:
        """The record of the run that fitted a version."""
        store = self.session.repository
        fact = Run(
            created_at=self.session.now(),
            run=self.session.new_id(),
            model="demand",
            purpose="train",
            status="finished",
            started_at=self.session.now(),
            seconds=0.1,
            cache_key=Digest(f"{number:064x}"),
            spec=store.objects.put(f'{{"number":{number}}}\n'.encode()),
            seed=number,
            parameters={},
            metrics={"mae": 1.0},
            data=(Use(name="rides", digest=self.dataset, sha256=self.dataset, role="train", rows=400),),
            code=CodeState(commit="c" * 40, dirty=True, patch=store.objects.put(b"patch")),
            environment=Environment(python="3.11", platform="linux", machine="x86_64", cpus=2, packages={}),
            command="mlctl train",
        )
        store.facts.add(fact)
        return fact

    def decide(self, kind: str, name: str, value: str | None, **evidence) -> int:
        """One decision on one name; its number."""

        def prepare(names):
            return Draft(
                kind=kind, changes=(Change(name=name, old=names.value(name), new=value),), evidence=evidence
            )

        committed = self.session.repository.decisions.commit(
            prepare, actor=ACTOR, command=f"mlctl {kind}", now=self.session.now
        )
        return committed.entry.number


class Served(Builder):
    """A copy of such a repository; `promote` puts a version on a stage."""

    def __init__(self, root: Path, *, log="durable", task="regression"):
        self.root = root
        built, self.versions, self.dataset = _built(log, task)
        shutil.copytree(built, root, symlinks=True)
        self.session = self.fresh()

    def promote(self, number: int, stage: str = "production", **evidence) -> int:
        """Put a version on a stage; the number of the decision."""
        return self.decide("promote", refs.stage("demand", stage), self.versions[number], **evidence)

    def fresh(self) -> Session:
        """The session of another process."""
        return Session(Repository.find(self.root), command="mlctl test", actor=ACTOR)


class Server:
    """`mlctl serve --json` as a process of its own; `url` once it has started."""

    def __init__(self, root: Path, *arguments: str, prepare=None):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mlctl", "serve", *arguments, "--port", "0", "--json"],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            preexec_fn=prepare,  # noqa: PLW1509 - set limits in the child; no thread of ours is running
        )
        self.started = self.event()
        assert self.started["event"] == "started", self.started
        self.port = self.started["port"]

    def event(self) -> dict:
        """The next line that it prints."""
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"event": "ended", "stderr": self.process.stderr.read()}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


def features(row):
    """A row without its target."""
    return {name: value for name, value in row.items() if name != "cnt"}


def to_table(dicts) -> pa.Table:
    """Rows as a table."""
    return pa.Table.from_pylist(list(dicts))


def plain(value):
    """A result as a program sees it."""
    return msgspec.to_builtins(value, enc_hook=str)
