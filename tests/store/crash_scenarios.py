"""Acts on the store that `test_crash.py` kills at every write point, run as a program: ACT WORK.

Each act prints what it acknowledges, a line a thing; afterwards all of it must be there, `verify` must be
clean and the same act must go through on what is left.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from mlctl.domain.errors import AlreadyExists
from mlctl.domain.prediction import PredictionBatch
from mlctl.store.repository import Repository
from mlctl.store.verify import verify
from tests.store import full
from tests.store.crash_harness import killed_at, sweep


def acknowledge(what: str) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def create(root: Path) -> None:
    try:
        repository = Repository.create(root, actor=full.ACTOR, command="init", now=lambda: full.T)
    except AlreadyExists:
        repository = Repository.find(root)
    acknowledge(f"value repository {repository.id}")


def publish(root: Path) -> None:
    """Objects, a fact and a decision, across a checkpoint."""
    repository = Repository.find(root)
    for _turn in range(3):
        number = repository.decisions.names().next_number("datasets/rides")
        digest = full.add_dataset(repository, number)
        acknowledge(f"value datasets/rides/{number} {digest}")


def answer(mode: str) -> Callable[[Path], None]:
    def act(root: Path) -> None:
        journal = Repository.find(root).predictions.journal("demand", mode, limit=600)
        for count in range(100, 106):
            one = full.answered(full.ANY, count, rows=2)
            journal.append(one)
            if mode != "async":
                acknowledge(f"prediction {one.ids[1]}")
        journal.close()

    return act


def seal(root: Path) -> None:
    Repository.find(root).predictions.seal("demand")
    acknowledge("sealed")


def label(root: Path) -> None:
    digest = full.add_labels(Repository.find(root))
    acknowledge(f"value labels/demand/{digest} {digest}")


def run(root: Path) -> None:
    live = Repository.find(root).runs.create(full.new_id(int.from_bytes(os.urandom(4), "big")), model="m")
    live.log("began\n")
    live.metric(1, loss=0.5)
    live.close()


def careless(root: Path) -> None:
    """What the store never does: write in place. It shows that the harness would see it."""
    repository = Repository.find(root)
    path = repository.layout.object(repository.objects.put(b"first " * 10))
    path.unlink()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    os.write(descriptor, b"first " * 10)
    os.close(descriptor)


ACTS: dict[str, Callable[[Path], None]] = {
    "create": create,
    "publish": publish,
    "durable": answer("durable"),
    "sync": answer("sync"),
    "async": answer("async"),
    "seal": seal,
    "label": label,
    "run": run,
    "careless": careless,
}


def prepare(act: str, root: Path) -> None:
    """The repository before the act."""
    root.mkdir(parents=True)
    if act == "create":
        return
    repository = Repository.create(root, actor=full.ACTOR, command="init", now=lambda: full.T)
    if act == "publish":
        while repository.decisions.names().head < 62:  # a checkpoint falls due within the act
            full.decide_moves(repository, "t", {"notes/x": str(repository.decisions.names().head)})
    if act == "seal":
        journal = repository.predictions.journal("demand", "sync", limit=600)
        for count in range(6):
            journal.append(full.answered(full.ANY, count))
        journal.close()


def check(act: str) -> Callable[[Path, Path], list[str]]:
    def look(folder: Path, output: Path) -> list[str]:
        failures: list[str] = []
        looked = folder.parent / "looked.json"
        looked.unlink(missing_ok=True)
        killed_at(0, lambda: _look(act, folder, output, failures), folder.parent / "looked.out")
        if not looked.exists():
            return ["the check died: " + (folder.parent / "looked.out.err").read_text()[-1500:]]
        return list(json.loads(looked.read_text()))

    return look


def _look(act: str, folder: Path, output: Path, failures: list[str]) -> int:
    lines = output.read_text().splitlines()
    _clean(folder, failures, "after the kill", acknowledged=lines)
    ACTS[act](folder)
    _clean(folder, failures, "after the next act", acknowledged=lines)
    Path(folder.parent / "looked.json").write_text(json.dumps(failures))
    return 0


def _clean(folder: Path, failures: list[str], when: str, acknowledged: list[str]) -> None:
    if not (folder / ".mlctl" / "format").exists():
        if acknowledged:
            failures.append(f"{when}: a repository was acknowledged and is not there")
        return
    repository = Repository.find(folder)
    names = repository.decisions.names()
    for line in acknowledged:
        what, *rest = line.split()
        if what == "value" and names.value(rest[0]) != rest[1]:
            failures.append(f"{when}: {rest[0]} was acknowledged as {rest[1]} and is {names.value(rest[0])}")
        if what == "prediction" and repository.predictions.find(rest[0]) is None:
            failures.append(f"{when}: prediction {rest[0]} was acknowledged and is not in the log")
        if what == "sealed":
            batches = repository.facts.all(PredictionBatch)
            if sum(batch.rows for _digest, batch in batches) != 6 or len(batches) < 2:
                failures.append(f"{when}: sealing was acknowledged, but the facts hold {batches}")
    if sys.argv[1] == "seal" and repository.predictions.table("demand").num_rows != 6:
        failures.append(f"{when}: the table has {repository.predictions.table('demand').num_rows} rows of 6")
    found = verify(repository, repository.layout.cache)
    failures += [f"{when}: {problem}" for problem in found.problems]


def main() -> int:
    act, work = sys.argv[1], Path(sys.argv[2])
    prepare(act, work / "template")

    def bound(folder: Path) -> Callable[[], int]:
        return lambda: ACTS[act](folder) or 0  # type: ignore[func-returns-value]  # None means well

    result = sweep(work / "template", work, bound, check(act))
    (work / "result.json").write_text(json.dumps(result))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
