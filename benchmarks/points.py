"""S6: one metric point from a training loop, beside MLflow's file store and its SQLite store.

Each side is a process of its own that logs the same series of points and times the calls; sides take turns.
mlctl is measured in a program that `mlctl train` has started, whose points it tails and puts on the disk
meanwhile, and in one that has started by itself. A point is in the system's hands when the call returns.

`python benchmarks/points.py [SECONDS]`: how long a side logs, 2 by default.
"""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from paired import environment
from serving import MLCTL, call, peer_python

ROUNDS = 5
SPEC = """\
spec = 1
[project]
name = "points"
[data.rows]
path = "rows.csv"
[model.line]
data = "rows"
target = "y"
task = "regression"
command = ["python", "loop.py"]
baseline = "mean"
"""
LOOP = """\
import sys, time

def timed(log, seconds):
    taken, count, until = [], 0, time.perf_counter() + seconds
    while time.perf_counter() < until:
        started = time.perf_counter()
        log(count)
        taken.append(time.perf_counter() - started)
        count += 1
    taken.sort()
    return sum(taken) / count * 1e6, taken[count // 2] * 1e6, taken[count * 99 // 100] * 1e6, count

"""
OURS = (
    LOOP
    + """
import mlctl
with mlctl.run(target="", seconds=2.0) as run:
    told = timed(lambda step: run.log(step=step, loss=0.5 / (step + 1)), run.params["seconds"])
    if run.params["target"]:
        from sklearn.linear_model import Ridge
        run.save(Ridge().fit(*run.load()))
        open(run.params["target"], "w").write(repr(told))
    else:
        print(repr(told))
"""
)
THEIRS = (
    LOOP
    + """
import os
os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
with mlflow.start_run():
    log = lambda step: mlflow.log_metric("loss", 0.5 / (step + 1), step=step)
    print(repr(timed(log, float(sys.argv[2]))))
"""
)


def printed(folder: Path, *command: str) -> tuple[float, float, float, int]:
    """The last line that a program prints.

    Microseconds on average, in the middle and of the slowest hundredth, and how many points there were.
    """
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed with {done.returncode}:\n{done.stdout}{done.stderr}")
    return _read(done.stdout.splitlines()[-1])


def _read(text: str) -> tuple[float, float, float, int]:
    mean, middle, slow, count = text.strip("()").split(", ")
    return float(mean), float(middle), float(slow), int(count)


def trained(folder: Path, seconds: float) -> tuple[float, float, float, int]:
    """The same of a program that `mlctl train` runs."""
    target = folder.parent / "told.txt"
    sets = ("--set", f"target={target}", "--set", f"seconds={seconds}")
    call(folder, *MLCTL, "train", "--no-cache", *sets)
    return _read(target.read_text())


def main() -> None:
    """Print a line a side."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    peer = peer_python()
    with tempfile.TemporaryDirectory(prefix="mlctl-bench-") as place:
        work = Path(place)
        ours = work / "ours"
        call(work, *MLCTL, "init", str(ours), "--template", "bare")
        (ours / "mlctl.toml").write_text(SPEC)
        (ours / "rows.csv").write_text(
            "x,y\n" + "".join(f"{n % 17},{n % 17 * 3 + n % 5}\n" for n in range(200))
        )
        (ours / "loop.py").write_text(OURS.replace("seconds=2.0", f"seconds={seconds}"))
        (work / "theirs.py").write_text(THEIRS)
        theirs = (peer, str(work / "theirs.py"))
        call(ours, *MLCTL, "data", "add", "rows.csv")
        sides = {
            "mlctl, started by mlctl train": lambda: trained(ours, seconds),
            "mlctl, by itself": lambda: printed(ours, sys.executable, "loop.py"),
            "MLflow, files": lambda: printed(work, *theirs, f"file:{work}/runs", str(seconds)),
            "MLflow, SQLite": lambda: printed(work, *theirs, f"sqlite:///{work}/runs.db", str(seconds)),
        }
        rounds = [{name: side() for name, side in sides.items()} for _ in range(ROUNDS)]
    print(f"{'us a point, medians of ' + str(ROUNDS):<34}{'mean':>10}{'middle':>10}{'p99':>10}{'points':>12}")
    for name in sides:
        mean, middle, slow, count = (
            statistics.median(one[name][part] for one in rounds) for part in range(4)
        )
        print(f"{name:<34}{mean:>10.1f}{middle:>10.1f}{slow:>10.1f}{int(count):>12,}")


if __name__ == "__main__":
    main()
