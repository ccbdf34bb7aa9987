"""S1, S9, S10: start-up, an idle build, and training, beside bare Python, DVC and a script by hand."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from paired import Pair, compare, environment, table

BIN = Path(sys.executable).parent
MLCTL = str(BIN / "mlctl")
DVC = str(BIN / "dvc")

BY_HAND = """
import csv, numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import mean_absolute_error
rows = [r for r in csv.DictReader(open("data/hour.csv")) if r["dteday"] < "2012-01-01"]
names = "season mnth hr holiday weekday workingday weathersit temp atemp hum windspeed".split()
X = np.array([[float(r[n]) for n in names] for r in rows]); y = np.array([float(r["cnt"]) for r in rows])
cut = int(len(X) * 0.8)
model = HistGradientBoostingRegressor(max_iter=300, categorical_features=[0, 4, 6], random_state=7)
model.fit(X[:cut], y[:cut])
print(mean_absolute_error(y[cut:], model.predict(X[cut:])))
import skops.io; skops.io.dump(model, "by_hand.skops")
"""

STAGES = """stages:
  prepare:
    cmd: cp data/hour.csv a.csv
    deps: [data/hour.csv]
    outs: [a.csv]
  train:
    cmd: cp a.csv b.csv
    deps: [a.csv]
    outs: [b.csv]
  evaluate:
    cmd: cp b.csv c.csv
    deps: [b.csv]
    outs: [c.csv]
"""


def call(folder: Path, *command: str) -> None:
    """One command that has to succeed."""
    subprocess.run(command, cwd=folder, env=environment(), check=True, capture_output=True)


def settle() -> None:
    """Let two seconds pass: for so long after a change `status` and `build` compute (docs/decisions/0007)."""
    time.sleep(3)


def three_models(project: Path) -> None:
    """Declare two more models of the same recipe, so that a build has three to look at."""
    spec = project / "mlctl.toml"
    text = spec.read_text()
    start = text.index("[model.demand]")
    spec.write_text(
        text
        + "".join("\n" + text[start:].replace("model.demand", f"model.{name}") for name in ("two", "three"))
    )


def measure(work: Path) -> list[Pair]:
    """All pairs, in a fresh folder."""
    bikes, repro = work / "bikes", work / "repro"
    call(work, MLCTL, "init", "bikes", "--template", "bike-demand")
    for step in (["data", "add", "data/hour.csv"], ["train"], ["eval"], ["promote"]):
        call(bikes, MLCTL, *step)
    repro.mkdir()
    (repro / "data").mkdir()
    (repro / "data" / "hour.csv").write_bytes((bikes / "data" / "hour.csv").read_bytes())
    (repro / "dvc.yaml").write_text(STAGES)
    call(repro, "git", "init", "-q")
    call(repro, DVC, "init", "-q")
    call(repro, DVC, "add", "-q", "data/hour.csv")
    call(repro, DVC, "repro", "-q")
    (bikes / "by_hand.py").write_text(BY_HAND)
    python = (sys.executable, "-c", "pass")
    settle()
    pairs = [
        compare(
            "S1 --version",
            ("mlctl --version", [MLCTL, "--version"], bikes),
            ("python -c pass", python, bikes),
            goal="ours <= 2x python (ratio >= 0.5)",
        ),
        compare(
            "S1 status",
            ("mlctl status", [MLCTL, "status"], bikes),
            ("dvc status", [DVC, "status"], repro),
            goal=">= 10",
        ),
        compare(
            "S1 --help",
            ("mlctl --help", [MLCTL, "--help"], bikes),
            ("dvc --help", [DVC, "--help"], repro),
            goal="ours <= 150 ms",
        ),
        compare(
            "S10 train",
            ("mlctl train --no-cache", [MLCTL, "train", "--no-cache"], bikes),
            ("the script by hand", [sys.executable, "by_hand.py"], bikes),
            goal="ours <= 1.05x + 1 s",
            runs=5,
        ),
    ]
    three_models(bikes)
    call(bikes, MLCTL, "build", "--to", "production")
    settle()
    pairs.append(
        compare(
            "S9 build, nothing changed, 3 models",
            ("mlctl build", [MLCTL, "build", "--to", "production"], bikes),
            ("dvc repro", [DVC, "repro"], repro),
            goal=">= 8",
        )
    )
    return pairs


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        print(table(measure(Path(folder))))


if __name__ == "__main__":
    main()
