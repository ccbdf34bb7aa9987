"""What following a project's own code costs while it trains: the same training bare and traced, in turn.

    python benchmarks/traced.py [--runs N]

The code is of the dear kind for a trace: it opens and looks at hundreds of files and reads variables of
the environment, beside what costs nothing to follow: loops in Python and a fit. The goal is at most 5 % more.
"""

import argparse
import importlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from mlctl.learning.tracing import tracing

FILES = 300
OWN = """
import json
import os
from pathlib import Path

import numpy as np
from sklearn.ensemble import RandomForestRegressor


def train():
    scale = 1.0
    for number in range({files}):
        path = Path("settings") / f"{{number:03}}.json"
        if path.exists() and os.environ.get("SCALED", "yes") == "yes":
            scale *= json.loads(path.read_text())["scale"]
    rows = [[(row * 7919 + column * 104729) % 1000 / 1000 for column in range(12)] for row in range(30_000)]
    features = np.array(rows)
    truth = features @ np.arange(12) * scale
    return RandomForestRegressor(n_estimators=8, random_state=7).fit(features, truth)
"""


def main(arguments: Sequence[str] = ()) -> None:
    """Print the medians and the ratio."""
    parser = argparse.ArgumentParser(description="what following a project's own code costs")
    parser.add_argument("--runs", type=int, default=7)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "settings").mkdir()
        for number in range(FILES):
            (root / "settings" / f"{number:03}.json").write_text('{"scale": 1.0}')
        (root / "own_training.py").write_text(OWN.format(files=FILES))
        os.chdir(root)
        sys.path.insert(0, str(root))
        own = importlib.import_module("own_training")
        took: dict[str, list[float]] = {"bare": [], "traced": []}
        own.train()
        read = 0
        for _ in range(asked.runs):
            for name, follow in (("bare", nullcontext), ("traced", lambda: tracing(root))):
                began = time.process_time()
                with follow() as trace:
                    own.train()
                took[name].append(time.process_time() - began)
                read = len(trace.read) if trace is not None else read
        os.chdir("/")
    if read < FILES:
        raise SystemExit(f"the trace has seen {read} files of {FILES}")
    bare, traced = (statistics.median(took[name]) for name in ("bare", "traced"))
    ratio = statistics.median(b / a for a, b in zip(took["bare"], took["traced"], strict=True))
    print(
        "| own code, 300 files | bare | traced | traced / bare | goal |\n| --- | ---: | ---: | ---: | --- |"
    )
    print(f"| CPU seconds of one training | {bare:.2f} | {traced:.2f} | {ratio:.3f} | <= 1.05 |")


if __name__ == "__main__":
    main(sys.argv[1:])
