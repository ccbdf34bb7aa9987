"""Planted causes: does `mlctl why` name them first?

    python benchmarks/why_causes.py [--only WORD] [--skip N] [--rows SEED] [--keep FOLDER]

Both states of each pair of the corpus are trained and committed; then `mlctl why m@1 m@2` is asked.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from why_corpus import CORPUS, Pair, rows, table

MLCTL = str(Path(sys.executable).parent / "mlctl")
LEAST = 2
"""Harmless differences beside the cause."""


def run(folder: Path, words: list[str], variables: Mapping[str, str] | None = None) -> Any:
    """A command's document."""
    done = subprocess.run(
        [MLCTL, *words, "--json"],
        cwd=folder,
        env={**os.environ, **(variables or {})},
        capture_output=True,
        check=False,
        timeout=1_200,
    )
    found = json.loads(done.stdout)
    if not found["ok"]:
        raise SystemExit(f"{folder}: mlctl {' '.join(words)}: {found['error']['message']}")
    return found["data"]


def write(folder: Path, files: Mapping[str, str], text: str) -> None:
    """Write a state; `text` is that of the table."""
    for name, content in {**files, "table.csv": text}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def commit(folder: Path) -> None:
    """Commit what stands there."""
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for words in (("add", "-A"), (*identity, "commit", "-qm", "state")):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


def asked(folder: Path, pair: Pair, seed: int) -> Any:
    """What `why` says of a pair, with rows of this seed."""
    usual = rows(seed=seed)
    write(folder, pair.before, table(usual))
    run(folder, ["init", "."])
    run(folder, ["data", "add"])
    commit(folder)
    run(folder, ["train"])
    write(folder, pair.after(), table(pair.data(usual) if pair.data else usual))
    run(folder, ["data", "add"])
    commit(folder)
    run(folder, ["train", *pair.arguments], pair.variables)
    return run(folder, ["why", "m@1", "m@2"], pair.variables)


def main() -> None:
    """Print a line a pair, and the count."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="pairs with this word in their name")
    parser.add_argument("--skip", type=int, default=0, metavar="N", help="leave out the first N")
    parser.add_argument("--rows", type=int, default=0, metavar="SEED", help="of the data")
    parser.add_argument("--keep", type=Path, help="make the projects here, and leave them")
    options = parser.parse_args()
    chosen = [pair for pair in CORPUS if options.only in pair.name][options.skip :]
    right, fits = 0, 0
    with tempfile.TemporaryDirectory(prefix="mlctl-why-causes-") as room:
        for number, pair in enumerate(chosen):
            folder = (options.keep or Path(room)) / f"{number:02}"
            folder.mkdir(parents=True)
            begin = time.monotonic()
            data = asked(folder, pair, options.rows)
            shares = data["shares"]
            first = shares[0]
            named = set(first["name"].split(" and "))
            found = pair.cause in named and named <= {pair.cause, *pair.along} and abs(first["share"]) > 0
            right += found
            if len(shares) < 1 + LEAST:
                raise SystemExit(f"{pair.name}: only {len(shares)} differences")
            made = sum(one["source"] == "fitted" for one in data["fits"])
            fits += made
            told = f"{first['name']} {first['share']:+.3g} of {data['difference']:+.3g}"
            mark = "first" if found else f"MISSED, is {pair.cause}"
            seconds = time.monotonic() - begin
            print(
                f"{pair.name:48} {mark:6} {len(shares)} differ, {made:2} fits {seconds:5.1f} s  {told}",
                flush=True,
            )
    print(f"named first: {right} of {len(chosen)}; {fits} fits")


if __name__ == "__main__":
    main()
