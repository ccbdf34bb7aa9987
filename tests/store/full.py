"""Builds a repository in which every kind of thing is stored at least once."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pyarrow as pa

from mlctl.domain.dataset import DatasetVersion, FileEntry
from mlctl.domain.decision import Actor, Change, Draft
from mlctl.domain.evaluation import Estimate, Evaluation, IncumbentResult
from mlctl.domain.ids import Digest, Ulid, ulid
from mlctl.domain.model import Artefact, ModelVersion, Signature
from mlctl.domain.monitoring import MonitorReport
from mlctl.domain.prediction import Answered
from mlctl.domain.records import digest_of, encode
from mlctl.domain.removal import Removal
from mlctl.domain.repeat import Repeat
from mlctl.domain.reproduction import Reproduction
from mlctl.domain.run import CodeState, DataUse, Environment, Run
from mlctl.project.session import Session
from mlctl.store.repository import Repository

T = "2026-11-01T00:00:00.000Z"
ACTOR = Actor(user="u", host="h", via="terminal")
ANY = Digest("a" * 64)


def decide(repository: Repository, kind: str, **values: str | None) -> int:
    """Move names, written with `__` for `/`."""
    moves = {name.replace("__", "/"): value for name, value in values.items()}
    return decide_moves(repository, kind, moves)


def decide_moves(repository: Repository, kind: str, moves: dict[str, str | None]) -> int:
    committed = repository.decisions.commit(
        lambda names: Draft(
            kind=kind, changes=tuple(Change(name=n, old=names.value(n), new=v) for n, v in moves.items())
        ),
        actor=ACTOR,
        command=f"mlctl {kind}",
        now=lambda: T,
    )
    assert committed is not None
    return committed.entry.number


def new_id(count: int) -> Ulid:
    return ulid(1_793_491_200_000 + count, count.to_bytes(10, "big"))


def answered(digest: Digest, count: int, rows: int = 1) -> Answered:
    """One request of `rows` rows."""
    return Answered(
        time=f"2026-11-01T00:{count // 60 % 60:02d}:{count % 60:02d}.000Z",
        model="demand",
        stage="production",
        digest=digest,
        ids=tuple(new_id(1000 * count + row) for row in range(rows)),
        columns={"hr": [count] * rows, "weather": ["clear"] * rows},
        outputs=tuple(float(count) for _ in range(rows)),
        latency_ms=0.25,
    )


def cached(repository: Repository, data: bytes, suffix: str = "") -> str:
    """Put bytes where DVC's cache has them; their md5."""
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    path = repository.layout.cache / "files" / "md5" / md5[:2] / f"{md5[2:]}{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name("aside")
    aside.write_bytes(data)
    aside.chmod(0o444)
    aside.rename(path)
    return f"{md5}{suffix}"


def add_dataset(repository: Repository, number: int = 1) -> Digest:
    data = f"hr,cnt\n1,{number}\n".encode()
    version = DatasetVersion(
        created_at=T,
        name="rides",
        path="data/hour.csv",
        shape="file",
        md5=cached(repository, data),
        sha256=digest_of(data),
        bytes=len(data),
        files=1,
        profile=repository.objects.put(b'{"profile":%d}\n' % number),
    )
    digest = repository.facts.add(version)
    decide(repository, "data add", **{f"datasets__rides__{number}": digest})
    return digest


def add_folder(repository: Repository) -> Digest:
    md5 = cached(repository, b"picture")
    listing = msgspec.json.encode([{"md5": md5, "relpath": "a.png"}])
    manifest = repository.objects.put(
        encode([FileEntry(path="a.png", size=7, md5=md5, sha256=digest_of(b"picture"))])
    )
    version = DatasetVersion(
        created_at=T,
        name="pictures",
        path="pictures",
        shape="folder",
        md5=cached(repository, listing, ".dir"),
        sha256=manifest,
        bytes=7,
        files=1,
    )
    digest = repository.facts.add(version)
    decide(repository, "data add", datasets__pictures__1=digest)
    return digest


def add_run(repository: Repository, dataset: Digest, count: int = 1) -> Run:
    run = Run(
        created_at=T,
        run=new_id(count),
        model="demand",
        purpose="train",
        status="finished",
        started_at=T,
        seconds=1.5,
        cache_key=digest_of(b"key %d" % count),
        spec=repository.objects.put(b'{"spec":%d}\n' % count),
        seed=7,
        parameters={"max_iter": 10},
        metrics={"mae": 41.2},
        data=(DataUse(name="rides", digest=dataset, sha256=ANY, role="train"),),
        code=CodeState(commit=None, dirty=False, patch=repository.objects.put(b"patch")),
        environment=Environment(python="3.11", platform="linux", machine="x", cpus=2, packages={}),
        command="mlctl train",
        log=repository.objects.put(b"log of %d" % count),
    )
    repository.facts.add(run)
    return run


def add_model(repository: Repository, dataset: Digest, number: int = 1) -> Digest:
    run = add_run(repository, dataset, number)
    data = b"weights %d" % number
    version = ModelVersion(
        created_at=T,
        model="demand",
        run=run.run,
        flavor="sklearn",
        artefacts=(Artefact(name="estimator.skops", sha256=repository.objects.put(data), size=len(data)),),
        estimator="sklearn.linear_model:Ridge",
        parameters={},
        features=(),
        signature=Signature(inputs=(), target="cnt", target_type="integer", task="regression"),
        rows=10,
        datasets=(dataset,),
    )
    digest = repository.facts.add(version)
    decide(repository, "train", **{f"models__demand__{number}": digest})
    return digest


def add_repeat(repository: Repository, model: Digest) -> Digest:
    repeat = Repeat(
        created_at=T,
        model="demand",
        version=model,
        run=new_id(1),
        seed=8,
        seconds=1.0,
        metrics={"mae": 41.5},
        answers=repository.objects.put(b"answers of seed 8"),
        test=ANY,
    )
    return repository.facts.add(repeat)


def add_reproduction(repository: Repository, model: Digest) -> Digest:
    fact = Reproduction(
        created_at=T,
        model="demand",
        run=new_id(1),
        version=model,
        actor=ACTOR,
        command="mlctl reproduce",
        environment=Environment(python="3.11", platform="linux", machine="x", cpus=2, packages={}),
        equal=False,
        place="files",
        cause="seed",
    )
    return repository.facts.add(fact)


def add_removal(repository: Repository, model: Digest) -> Digest:
    """A removal of what the version no longer has: of nothing that is here."""
    fact = Removal(
        created_at=T,
        of="models",
        subject=model,
        label="demand@1",
        objects=(ANY,),
        rule="retain.versions = 1",
        actor=ACTOR,
    )
    return repository.facts.add(fact)


def add_evaluation(repository: Repository, model: Digest, dataset: Digest) -> Digest:
    evaluation = Evaluation(
        created_at=T,
        model="demand",
        model_digest=model,
        key=ANY,
        dataset="rides",
        dataset_digest=dataset,
        stage="production",
        rows=10,
        resample="row",
        units=10,
        samples=100,
        seed=7,
        metrics={"mae": Estimate(value=41.2, low=40.0, high=42.0)},
        slices={},
        baseline={},
        baseline_difference={},
        incumbent=IncumbentResult(),
        predictions=repository.objects.put(b"parquet"),
    )
    return repository.facts.add(evaluation)


def add_labels(repository: Repository) -> Digest:
    table = pa.table({"instant": [1, 2], "cnt": [16, 40]})
    digest = repository.labels.put("demand", table, ("instant",), "cnt", ANY, T)
    decide_moves(repository, "labels add", {f"labels/demand/{digest}": digest})
    return digest


def session(folder: Path) -> Session:
    """A session in a fresh repository that keeps DVC's cache in its own folder."""
    repository = Repository.create(folder / "p", actor=ACTOR, command="init", now=lambda: T)
    (repository.root / ".dvc").mkdir()
    (repository.root / ".dvc" / "config").write_text("[cache]\n    dir = ../.mlctl/cache\n")
    return Session(
        repository, actor=ACTOR, command="mlctl x", clock=lambda: datetime(2026, 11, 2, tzinfo=UTC)
    )


def life(session: Session) -> dict[str, str]:
    """Decisions 2 to 6: rides@1, demand@1, demand@2, production to 1, production to 2."""
    repository = session.repository
    dataset = add_dataset(repository)
    one, two = add_model(repository, dataset, 1), add_model(repository, dataset, 2)
    decide(repository, "promote", stages__demand__production=one)
    decide(repository, "promote", stages__demand__production=two)
    return {"dataset": dataset, "one": one, "two": two}


def fill(root: Path) -> Repository:
    """A repository with datasets, runs, two models, an evaluation, stages, labels and predictions."""
    repository = Repository.create(root, actor=ACTOR, command="mlctl init", now=lambda: T)
    dataset = add_dataset(repository)
    add_folder(repository)
    first = add_model(repository, dataset, 1)
    add_evaluation(repository, first, dataset)
    add_repeat(repository, first)
    add_reproduction(repository, first)
    add_removal(repository, first)
    decide(repository, "promote", stages__demand__production=first)
    second = add_model(repository, dataset, 2)
    decide(repository, "promote", stages__demand__production=second)
    sealed = repository.predictions.journal("demand", "sync")
    for count in range(3):
        sealed.append(answered(first, count))
    sealed.close()
    repository.predictions.seal("demand")
    live = repository.predictions.journal("demand", "durable")
    for count in range(3, 6):
        live.append(answered(second, count, rows=2))
    live.close()
    add_labels(repository)
    report = MonitorReport(
        created_at=T,
        model="demand",
        model_digest=second,
        stage="production",
        key=ANY,
        windows=(),
        alarm=False,
    )
    repository.facts.add(report)
    while repository.decisions.names().head < 70:  # beyond a checkpoint
        decide(repository, "promote", stages__demand__staging=first)
        decide(repository, "promote", stages__demand__staging=None)
    repository.facts.where(MonitorReport, model="demand")  # the index exists, too
    repository.flush()
    return repository
