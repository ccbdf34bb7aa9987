"""Small projects and the real `mlctl` that lives in them: what the tests of this folder stand on."""

import csv
import http.client
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from tests.forks import Forks

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("mlctl")
SOAK = os.environ.get("MLCTL_SOAK") == "1"
_HOME = tempfile.mkdtemp(
    prefix="mlctl-e2e-"
)  # crash reports of programs outside a repository, git's settings

SPEC = """\
spec = 1

[project]
name = "small"

[data.rides]
path = "rides.csv"
key = ["id"]
time = ["day"]
checks = ["unique(id)", "not_null(rides)"]

[model.demand]
data = "rides"
target = "rides"
task = "regression"
estimator = "{estimator}"
params = {params}
baseline = "mean"
refit = "all"

[model.demand.split]
by = "time"
test = "25%"

[model.demand.eval]
metrics = ["mae", "r2"]
samples = 100
slices = {{ warm = "temp > 20" }}

[model.demand.gates.production]
mae = {{ max = 200, incumbent = "not_worse" }}

[model.demand.serve]
log = "{log}"
max_body = 100000

[model.demand.monitor]
window = "30d"
min_rows = 10
labels = {{ key = ["id"], delay = "1d" }}
performance = {{ mae = {{ max = 40 }} }}

[model.demand.retrain]
when = ["performance"]
test = "14d"
"""
RIDGE = "sklearn.linear_model:Ridge"


def spec(*, estimator: str = RIDGE, params: str = "{}", log: str = "durable") -> str:
    """The spec of a small project: daily rides, one model `demand`."""
    return SPEC.format(estimator=estimator, params=params, log=log)


def day(number: int, *, more: int = 0) -> dict[str, Any]:
    """One day: its rides are a line over temperature and weekday, with a little that no line explains."""
    temp = 15 + 10 * math.sin(number / 30)
    workday = int(number % 7 < 5)
    return {
        "id": number,
        "day": (date(2025, 1, 1) + timedelta(days=number)).isoformat(),
        "temp": round(temp, 2),
        "workday": workday,
        "rides": round(100 + 5 * temp + 30 * workday + number % 11) + more,
    }


def question(number: int) -> dict[str, Any]:
    """A day as it is asked for: without its rides."""
    return {name: value for name, value in day(number).items() if name != "rides"}


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows with a header."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def small(folder: Path, *, rows: int = 200, **choices: str) -> "Terminal":
    """A project with a table and a spec, not yet `init`ed."""
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / "rides.csv", [day(number) for number in range(rows)])
    (folder / "mlctl.toml").write_text(spec(**choices), encoding="utf-8")
    return Terminal(folder)


def environment(**more: str) -> dict[str, str]:
    """This process's environment without what would change mlctl's answers, and nobody's git settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLCTL_", "GIT_"))}
    return {
        **kept,
        "COLUMNS": "100",
        "DVC_NO_ANALYTICS": "1",
        "HOME": _HOME,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
        "XDG_CONFIG_HOME": f"{_HOME}/config",
        "XDG_STATE_HOME": f"{_HOME}/state",
        **more,
    }


@cache
def forks(program: str) -> Forks:
    """A process whose forks are the runs of "mlctl" or "dvc"."""
    return Forks(program, environment())


def forked(
    program: str, *arguments: str, cwd: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run "mlctl" or "dvc" to its end."""
    return forks(program).run(arguments, cwd=cwd, env=env)


class Terminal:
    """Runs the installed `mlctl` in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, *arguments: str, program: str = str(PROGRAM), **more: str) -> subprocess.Popen[str]:
        """A process of its own, in its own process group, with pipes."""
        return subprocess.Popen(
            [program, *arguments],
            cwd=self.folder,
            env=environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """To its end; the exit code is for the caller to look at."""
        if not more.keys() & {"PATH", "PYTHONPATH"}:  # what has been imported may be what they hide or show
            return forked("mlctl", *arguments, cwd=self.folder, env=environment(**more))
        return subprocess.run(
            [str(PROGRAM), *arguments],
            cwd=self.folder,
            env=environment(**more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def json(self, *arguments: str, expect: Sequence[int] = (0,)) -> dict[str, Any]:
        """The one document on stdout of a command that ends with one of the expected codes."""
        done = self.run(*arguments, "--json")
        assert done.returncode in expect, (arguments, done.returncode, done.stdout, done.stderr)
        assert done.stdout.count("\n") == 1, done.stdout
        document: dict[str, Any] = json.loads(done.stdout)
        assert document["ok"] is (done.returncode == 0)
        return document

    def data(self, *arguments: str, expect: Sequence[int] = (0,)) -> dict[str, Any]:
        """The `data` of a command's document."""
        found: dict[str, Any] = self.json(*arguments, expect=expect)["data"]
        return found

    @contextmanager
    def serving(self, *arguments: str, ends: int = 130) -> Iterator["Client"]:
        """A server on a free port; stopped with Ctrl-C at the end, and then its exit code is `ends`."""
        program = self.start("serve", *arguments, "--port", "0", "--json")
        try:
            assert program.stdout is not None
            line = program.stdout.readline()
            assert line, program.communicate(timeout=30)
            started = json.loads(line)
            assert started["event"] == "started", started
            yield Client(started)
        finally:
            program.send_signal(signal.SIGINT)
            out, err = program.communicate(timeout=60)
        assert "Traceback" not in err, err
        assert program.returncode == ends, (program.returncode, out, err)


class Client:
    """Asks a server on this machine.

    Attributes:
        started: what the server said when it had started.
    """

    def __init__(self, started: Mapping[str, Any]) -> None:
        self.started = started

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        """The status and the body of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.started["port"], timeout=30)
        try:
            connection.request(method, path, body, {"content-type": "application/json", **headers})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def predict(self, body: Any) -> tuple[int, dict[str, Any]]:
        """POST to /predict; text is sent as it is, anything else as JSON."""
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        status, answer = self.send("POST", "/predict", data)
        document: dict[str, Any] = json.loads(answer)
        return status, document


def names(folder: Path) -> dict[str, str]:
    """What every name holds now: the fold of the log, read as `docs/explanation/format.md` says."""
    fold: dict[str, str | None] = {}
    for file in sorted((folder / ".mlctl" / "decisions").glob("[0-9]*")):
        body = json.loads(file.read_text(encoding="utf-8").split("\n", 1)[0])
        fold.update({change["name"]: change["new"] for change in body["changes"]})
    return {name: value for name, value in fold.items() if value is not None}


def decisions(folder: Path) -> list[list[str]]:
    """The names that each decision of the log changed, oldest first."""
    files = sorted((folder / ".mlctl" / "decisions").glob("[0-9]*"))
    bodies = [json.loads(file.read_text(encoding="utf-8").split("\n", 1)[0]) for file in files]
    return [[change["name"] for change in body["changes"]] for body in bodies]
