# ruff: noqa: S311 - a test's dice are not for secrets
"""Kills servers under load at random moments, run as a program: WORK KILLS SEED.

Each server is a fork of this process, which has imported everything beforehand, and runs the real command
`mlctl serve`. Clients (forks too) note the id of every answer that they got, whole, before they ask again.
After each kill: `fsck` is clean and every id that was noted is in the log; the next server starts on what the
last one left. It prints one JSON document: kills, kills before the server had started, ids noted, failures.
"""

import contextlib
import gc
import http.client
import json
import os
import random
import select
import shutil
import signal
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from mlctl.store.repository import Repository
from tests.e2e.projects import question, small, spec
from tests.store.crash_harness import killed_at, mlctl

HEAVY = (
    "mlctl.cli.main",
    "mlctl.cli.commands.serve",
    "mlctl.verbs.serve",
    "mlctl.verbs.fsck",
    "sklearn.linear_model",
)
HEAVY_TOO = (
    "pyarrow.parquet",
    "skops.io",
    "uvicorn.protocols.http.httptools_impl",
    "uvloop",
    "mlctl.builtin.flavors.sklearn",
)
CLIENTS = 2
ROUND = 25
"""Kills of one repository, before another copy is taken: what is looked at after each kill stays small."""
EARLY = 0.15
"""Share of the kills that may come before the server has started."""
START = 0.3
"""Seconds within which such a kill comes."""
LOADED = 0.08
"""Seconds under load within which the other kills come."""
PATIENCE = 30
MODES = ("durable", "sync")


class Tally:
    """What was seen over all kills."""

    def __init__(self) -> None:
        self.kills = self.early = self.noted = 0
        self.failures: list[str] = []


def forked(act: Callable[[], object]) -> int:
    """Run the act in a fork of this process; its pid."""
    pid = os.fork()
    if pid:
        return pid
    code = 99
    try:
        act()
        code = 0
    finally:
        os._exit(code)


def prepare(folder: Path) -> None:
    """A project whose model is in production."""
    small(folder)
    for argv in (["init"], ["train"], ["eval"], ["promote"]):
        _killed, code = killed_at(0, mlctl(argv, folder), folder.parent / "said")
        assert code == 0, (argv, (folder.parent / "said.err").read_text())


def start(folder: Path) -> tuple[int, int]:
    """Begin to serve: the server's pid, and where its stdout is read."""
    out, into = os.pipe()

    def serve() -> None:
        os.dup2(into, 1)
        errors = os.open(folder.parent / "server.err", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(errors, 2)
        mlctl(["serve", "--port", "0", "--json"], folder)()

    pid = forked(serve)
    os.close(into)
    return pid, out


def started(out: int, until: float) -> int | None:
    """The port that the server says it has, or None where it hasn't said so in time."""
    said = b""
    while not said.endswith(b"\n"):
        ready, _, _ = select.select([out], [], [], max(0.0, until - time.monotonic()))
        part = os.read(out, 65536) if ready else b""
        if not part:
            return None
        said += part
    port: int = json.loads(said)["port"]
    return port


def ask(port: int, notes: Path, seed: int) -> None:
    """Ask until the server is gone; write down the ids of each answer before the next question."""
    chance = random.Random(seed)
    file = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with contextlib.suppress(OSError, http.client.HTTPException):
        while True:
            rows = [question(chance.randrange(1000)) for _ in range(chance.choice((1, 1, 1, 3, 80)))]
            connection.request("POST", "/predict", json.dumps({"rows": rows}))
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != http.client.OK:
                os.write(file, f"refused {body!r}\n".encode())
                return
            os.write(file, "".join(f"{one}\n" for one in json.loads(body)["ids"]).encode())


def kill_one(folder: Path, notes: Path, chance: random.Random, tally: Tally) -> None:
    """One server's life."""
    early = chance.random() < EARLY
    pid, out = start(folder)
    began = time.monotonic()
    port = started(out, began + (chance.random() * START if early else PATIENCE))
    clients: list[int] = []
    if port is None:
        tally.early += 1
        if not early:
            tally.failures.append(
                "a server did not start: " + (folder.parent / "server.err").read_text()[-1500:]
            )
    else:
        clients = [
            forked(lambda seed=seed: ask(port, notes, seed))
            for seed in random.Random(pid).sample(range(9**9), CLIENTS)
        ]
        time.sleep(chance.random() * LOADED)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if not os.WIFSIGNALED(status):
        tally.failures.append(
            f"a server ended before it was killed, with {os.waitstatus_to_exitcode(status)}"
        )
    os.close(out)
    for client in clients:
        if os.waitpid(client, 0)[1]:
            tally.failures.append("a client failed")
    tally.kills += 1


def look(folder: Path, notes: Path, tally: Tally) -> None:
    """What must hold after a kill."""
    said = folder.parent / "said"
    _killed, code = killed_at(0, mlctl(["fsck", "--json"], folder), said)
    if code:
        tally.failures.append(f"fsck exits {code}: {said.read_text()[-1500:]}")
    _killed, code = killed_at(0, lambda: missing(folder, notes), said)
    if code:
        tally.failures.append(
            f"after kill {tally.kills}: {said.read_text()[-1500:]}{Path(f'{said}.err').read_text()[-1500:]}"
        )


def missing(folder: Path, notes: Path) -> int:
    """How many noted ids the log lacks, at most 1; it prints them."""
    noted = set(notes.read_text(encoding="utf-8").splitlines()) if notes.exists() else set()
    logged = (
        set(Repository.find(folder).predictions.table("demand").column("mlctl.id").to_pylist())
        if noted
        else set()
    )
    gone = sorted(noted - logged)
    if gone:
        sys.stdout.write(f"{len(gone)} acknowledged and not in the log, such as {gone[:3]}\n")
    return int(bool(gone))


def main() -> int:
    """The program."""
    work, kills, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    for module in (*HEAVY, *HEAVY_TOO):
        import_module(module)
    gc.disable()
    gc.freeze()
    chance, tally = random.Random(seed), Tally()
    prepare(work / "template")
    folder = notes = work
    while tally.kills < kills and len(tally.failures) < ROUND:
        if tally.kills % ROUND == 0:
            number = tally.kills // ROUND
            folder, notes = work / f"copy{number}", work / f"noted{number}"
            shutil.copytree(work / "template", folder, symlinks=True)
            (folder / "mlctl.toml").write_text(spec(log=MODES[number % len(MODES)]), encoding="utf-8")
        kill_one(folder, notes, chance, tally)
        look(folder, notes, tally)
        if tally.kills % ROUND == 0 or tally.kills == kills:
            tally.noted += len(notes.read_text(encoding="utf-8").splitlines())
            if tally.kills < kills:
                shutil.rmtree(folder)
    found = {"kills": tally.kills, "early": tally.early, "noted": tally.noted, "failures": tally.failures}
    sys.stdout.write(json.dumps({**found, "folder": str(folder), "notes": str(notes)}) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
