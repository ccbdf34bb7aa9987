"""Planted nondeterminism: does `mlctl reproduce` name the class of its cause?

    python benchmarks/reproduce_classes.py [--only WORD] [--skip N] [--keep FOLDER]

Each project of the corpus is trained, committed, perhaps changed, and fitted again from its record by
`mlctl reproduce`. A project that reproduces by chance is trained anew, at most three times.
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

from reproduce_corpus import CORPUS, SPEC, Planted, table

MLCTL = str(Path(sys.executable).parent / "mlctl")
TRIES = 3


def run(folder: Path, words: list[str], variables: Mapping[str, str], cpus: int | None = None) -> Any:
    """A command's document."""
    limit = ["taskset", "-c", f"0-{cpus - 1}"] if cpus else []
    done = subprocess.run(
        [*limit, MLCTL, *words, "--json"],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        check=False,
        timeout=1_200,
    )
    return json.loads(done.stdout)


def written(folder: Path, files: Mapping[str, str | None]) -> None:
    """Write or remove files; a folder that is empty then goes."""
    for name, text in files.items():
        path = folder / name
        if text is None:
            path.unlink()
            if not any(path.parent.iterdir()):
                path.parent.rmdir()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def made(folder: Path, planted: Planted) -> dict[str, str]:
    """The project, committed; the variables of its training."""
    ignored = {".gitignore": "site-packages/\n"}
    written(
        folder,
        {"mlctl.toml": SPEC, "table.csv": table(), "model.py": planted.model, **ignored, **planted.files},
    )
    variables = dict(planted.variables)
    if "PYTHONPATH" in variables:
        variables["PYTHONPATH"] = str(folder / variables["PYTHONPATH"])
    run(folder, ["init", "."], variables)
    run(folder, ["data", "add"], variables)
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for words in (("add", "-A"), (*identity, "commit", "-qm", "begin")):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
    return variables


def judged(folder: Path, planted: Planted) -> tuple[str, str, int]:
    """The class that is named, the proof, and how many fits it took."""
    variables = made(folder, planted)
    for _ in range(TRIES):
        trained = run(folder, ["train", "--no-cache"], variables)
        assert trained["ok"], trained
        written(folder, planted.after)
        answer = run(folder, ["reproduce"], {**variables, **planted.later}, planted.cpus)
        if not answer["ok"] and "data" in answer:
            data = answer["data"]
            return str(data["cause"]), str(data["proof"]), len(data["attempts"])
        if not answer["ok"]:
            return answer["error"]["id"], answer["error"]["message"], 0
    return "equal", "", 1


def main() -> None:
    """Print a line a project, and the count."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="projects with this word in their name")
    parser.add_argument("--skip", type=int, default=0, metavar="N", help="leave out the first N")
    parser.add_argument("--keep", type=Path, help="make the projects here, and leave them")
    options = parser.parse_args()
    chosen = [planted for planted in CORPUS if options.only in planted.name][options.skip :]
    right = 0
    with tempfile.TemporaryDirectory(prefix="mlctl-reproduce-classes-") as room:
        for number, planted in enumerate(chosen):
            folder = (options.keep or Path(room)) / f"{number:02}"
            folder.mkdir(parents=True)
            begin = time.monotonic()
            cause, proof, fits = judged(folder, planted)
            right += cause == planted.cause
            mark = "right" if cause == planted.cause else f"WRONG, is {planted.cause}"
            seconds = time.monotonic() - begin
            print(
                f"{planted.name:48} {cause:20} {mark:8} {fits:2} fits {seconds:5.1f} s  {proof}", flush=True
            )
    print(f"class right: {right} of {len(chosen)}")


if __name__ == "__main__":
    main()
