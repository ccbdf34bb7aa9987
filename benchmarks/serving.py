"""S7: one row over HTTP, beside `mlflow models serve`: latency, throughput, cold start, memory.

The same estimator on the same rows on both sides, in turn, A B A B; medians. MLflow lives in a virtual
environment of its own under `.bench/` (made at the first run). One load generator for both: raw sockets,
keep-alive, one process.
"""

import argparse
import asyncio
import contextlib
import csv
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from paired import environment

ROOT = Path(__file__).resolve().parents[1]
BENCH = ROOT / ".bench"
MLCTL = (str(Path(sys.executable).parent / "mlctl"),)
PEER = "mlflow==3.17.2"
NAMES = (
    "season",
    "mnth",
    "hr",
    "holiday",
    "weekday",
    "workingday",
    "weathersit",
    "temp",
    "atemp",
    "hum",
    "windspeed",
)
CONTEXT = ("instant", "dteday")
SLOWEST = 120
"""Seconds that a server gets to start."""
COLUMNS = ("p50 ms, 1 client", "requests/s, 16 clients", "cold start s", "memory MiB")

FIT = """
import sys, pandas as pd, mlflow.sklearn
from sklearn.ensemble import HistGradientBoostingRegressor
rows = pd.read_csv(sys.argv[1]); rows = rows[rows.dteday < "2012-01-01"]; names = sys.argv[3].split(",")
table = rows[names].astype(float)
model = HistGradientBoostingRegressor(max_iter=300, random_state=7).fit(table, rows.cnt)
mlflow.sklearn.save_model(model, sys.argv[2], serialization_format="cloudpickle", input_example=table[:1])
"""
CONSTANT = """
import socket, sys, uvicorn
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{}"})
port = int(sys.argv[1])
uvicorn.run(app, port=port, loop="uvloop", http="httptools", access_log=False, log_level="error")
"""


class Side(msgspec.Struct, frozen=True):
    """One server: how it is started on a port, and what it is asked."""

    name: str
    command: Callable[[int], Sequence[str]]
    folder: Path
    path: str
    body: bytes
    wanted: bytes


class Measured(msgspec.Struct, frozen=True):
    """One run of one side, in the units of `COLUMNS`."""

    p50: float
    rate: float
    cold: float
    memory: float


class Client(asyncio.Protocol):
    """One connection that asks the same thing again and again until told to stop."""

    def __init__(self, request: bytes, wanted: bytes) -> None:
        self.request, self.wanted = request, wanted
        self.seconds: list[float] = []
        self.wrong = b""
        self.stopping = False
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        """Ask for the first time."""
        self.transport = transport
        self.buffer = bytearray()
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Take an answer to its end by its content length, and ask again."""
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        headers = bytes(self.buffer[:head]).lower()
        length = int(headers.split(b"content-length:")[1].split(b"\r\n")[0])
        if len(self.buffer) < head + 4 + length:
            return
        self.seconds.append(time.perf_counter() - self.asked)
        if not headers.startswith(b"http/1.1 200") or self.wanted not in self.buffer:
            self.wrong = bytes(self.buffer)
        self.buffer.clear()
        if self.stopping or self.wrong:
            self.transport.close()
        else:
            self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        """Done, or dropped by the server."""
        if not self.stopping and not self.wrong:
            self.wrong = f"connection lost: {error}".encode()
        self.ended.set_result(None)

    def _ask(self) -> None:
        self.asked = time.perf_counter()
        self.transport.write(self.request)


async def load(port: int, side: Side, clients: int, seconds: float) -> list[float]:
    """Latencies of all requests that so many clients make in so many seconds.

    Raises:
        SystemExit: an answer was wrong.
    """
    request = (
        f"POST {side.path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        f"content-length: {len(side.body)}\r\n\r\n"
    ).encode() + side.body
    loop = asyncio.get_running_loop()
    made = [
        (await loop.create_connection(lambda: Client(request, side.wanted), "127.0.0.1", port))[1]
        for _ in range(clients)
    ]
    await asyncio.sleep(seconds)
    for client in made:
        client.stopping = True
    await asyncio.gather(*(client.ended for client in made))
    for client in made:
        if client.wrong:
            raise SystemExit(f"{side.name} answered {client.wrong[:500]!r}")
    return [latency for client in made for latency in client.seconds]


def measure(side: Side, seconds: float) -> Measured:
    """Start it, time the first answer, load it, weigh it, stop it."""
    port = free_port()
    started = time.perf_counter()
    said = (side.folder / "server.log").open("w+b")
    command = side.command(port)
    process = subprocess.Popen(
        command,
        cwd=side.folder,
        env={**environment(), "PATH": f"{Path(command[0]).parent}:{os.environ['PATH']}"},
        stdout=said,
        stderr=said,
        start_new_session=True,
    )
    try:
        while not answers(port, side):
            if process.poll() is not None or time.perf_counter() - started > SLOWEST:
                raise SystemExit(f"{side.name} did not start:\n{(side.folder / 'server.log').read_text()}")
            time.sleep(0.01)
        cold = time.perf_counter() - started
        asyncio.run(load(port, side, 1, 0.5))
        alone = asyncio.run(load(port, side, 1, seconds))
        many = asyncio.run(load(port, side, 16, seconds))
        return Measured(statistics.median(alone) * 1000, len(many) / seconds, cold, memory(process.pid))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        said.close()


def answers(port: int, side: Side) -> bool:
    """Whether one request is answered rightly."""
    head = f"POST {side.path} HTTP/1.0\r\ncontent-type: application/json\r\n"
    head += f"content-length: {len(side.body)}\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(head.encode() + side.body)
            got = b""
            while chunk := connection.recv(65536):
                got += chunk
    except OSError:
        return False
    return b" 200 " in got[:20] and side.wanted in got


def memory(pid: int) -> float:
    """Resident MiB of a process and its descendants."""
    total, pending = 0.0, [pid]
    while pending:
        one = pending.pop()
        status = Path(f"/proc/{one}/status").read_text(encoding="ascii")
        total += int(status.split("VmRSS:")[1].split()[0]) / 1024
        pending += map(int, Path(f"/proc/{one}/task/{one}/children").read_text(encoding="ascii").split())
    return total


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def call(folder: Path, *command: str) -> None:
    """One command that has to succeed."""
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed with {done.returncode}:\n{done.stdout}{done.stderr}")


def peer_python() -> str:
    """The interpreter of MLflow's environment, with the same scikit-learn as ours."""
    folder = BENCH / "mlflow"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        import sklearn  # noqa: PLC0415 - only its version, and only when the environment is made

        print(f"making {folder} ...", file=sys.stderr)
        call(ROOT, sys.executable, "-m", "venv", str(folder))
        call(
            ROOT, str(python), "-m", "pip", "install", "--quiet", PEER, f"scikit-learn=={sklearn.__version__}"
        )
        (folder / "complete").touch()
    return str(python)


def sides(work: Path) -> list[Side]:
    """All servers, each with its model; ours durably and asynchronously logged."""
    bikes = work / "bikes"
    call(work, *MLCTL, "init", "bikes", "--template", "bike-demand")
    spec = bikes / "mlctl.toml"
    spec.write_text(in_common(spec.read_text(encoding="utf-8")), encoding="utf-8")
    for step in (
        ["data", "add"],
        ["train"],
        ["promote", "--to", "production", "--force", "--reason", "benchmark"],
    ):
        call(bikes, *MLCTL, *step)
    with (bikes / "data" / "hour.csv").open(newline="", encoding="utf-8") as file:
        first = next(csv.DictReader(file))
    features = {name: float(first[name]) for name in NAMES}
    row = {"instant": int(first["instant"]), "dteday": first["dteday"]}
    row |= {name: value if "." in first[name] else int(first[name]) for name, value in features.items()}
    ours = json.dumps(row).encode()
    python = peer_python()
    call(work, python, "-c", FIT, str(bikes / "data" / "hour.csv"), str(work / "peer"), ",".join(NAMES))
    constant = work / "constant.py"
    constant.write_text(CONSTANT, encoding="utf-8")
    loose = work / "async"
    call(work, "cp", "-r", "bikes", "async")
    (loose / "mlctl.toml").write_text(
        spec.read_text(encoding="utf-8").replace('log = "durable"', 'log = "async"')
    )

    def serve(port: int) -> Sequence[str]:
        return (*MLCTL, "serve", "--port", str(port), "--json")

    def peer(port: int) -> Sequence[str]:
        models = ("-m", "mlflow", "models", "serve", "-m", str(work / "peer"), "--env-manager", "local")
        return (python, *models, "--port", str(port), "--workers", "1")

    split = json.dumps({"dataframe_split": {"columns": NAMES, "data": [list(features.values())]}}).encode()
    return [
        Side("mlctl serve, durable", serve, bikes, "/predict", ours, b'"predictions"'),
        Side("mlctl serve, async", serve, loose, "/predict", ours, b'"predictions"'),
        Side(PEER.replace("==", " ") + " models serve", peer, work, "/invocations", split, b'"predictions"'),
        Side(
            "uvicorn, a constant",
            lambda port: (sys.executable, str(constant), str(port)),
            work,
            "/",
            ours,
            b"{}",
        ),
    ]


def in_common(spec: str) -> str:
    """The spec with the features, the estimator and the log that the comparison is about."""
    kept = [line for line in spec.splitlines() if not line.strip().startswith("#")]
    text = "\n".join(kept)
    return (
        text
        if 'log = "' in text
        else text.replace("[model.demand.serve]", '[model.demand.serve]\nlog = "durable"')
    )


def table(names: Sequence[str], runs: Sequence[Sequence[Measured]]) -> str:
    """Medians of each side, and ratios against MLflow: median of the ratios run by run, above 1 is better."""
    lines = [f"| server | {' | '.join(COLUMNS)} |", "| --- |" + " ---: |" * len(COLUMNS)]
    for place, name in enumerate(names):
        values = zip(*(msgspec.structs.astuple(run[place]) for run in runs), strict=True)
        lines.append(
            f"| {name} | " + " | ".join(f"{statistics.median(column):,.2f}" for column in values) + " |"
        )
    peer = next(place for place, name in enumerate(names) if name.startswith("mlflow"))
    for place in range(peer):
        cells = []
        for field, up in (("p50", False), ("rate", True), ("cold", False), ("memory", False)):
            pairs = [(getattr(run[place], field), getattr(run[peer], field)) for run in runs]
            cells.append(f"{statistics.median(a / b if up else b / a for a, b in pairs):.1f}x")
        lines.append(f"| **{names[place]} against MLflow** | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each load")
    options, _ = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        servers = sides(Path(folder))
        runs = [[measure(side, options.seconds) for side in servers] for _ in range(options.runs)]
    print(table([side.name for side in servers], runs))
    print("\nGoals, durably logged: at least 3x MLflow's p50, 4x its requests/s, at most 250 MiB.")


if __name__ == "__main__":
    main()
