"""Stale results and needless runs: 200 labelled edits over 10 small projects, one by one.

    python benchmarks/stale_results.py [--keep FOLDER]

Each project is trained once. Then each edit is made alone, `mlctl plan` says whether training is stale, and
it is taken back. An edit has a label: whether it may change the model. It is not taken on trust: the
project's own code is run by hand before and after, without mlctl, and the answers are compared.

    stale result     the answers differ, and `plan` says that nothing has to be done
    needless run     the answers are the same, nothing was meant to count, and `plan` would train
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from sklearn.ensemble import RandomForestRegressor  # loaded before the fork of each answer by hand
from sklearn.linear_model import Ridge
from stale_corpus import PROJECTS, SPEC, Edit, Small, table, usual

MLCTL = str(Path(sys.executable).parent / "mlctl")
LOADED = (RandomForestRegressor, Ridge)


def by_hand(folder: Path, variables: Mapping[str, str], answers: "multiprocessing.Queue[str]") -> None:
    """The model without mlctl: a digest of what it answers, or of how it fails."""
    os.chdir(folder)
    os.environ.update(variables)
    sys.dont_write_bytecode = True  # it is told apart by second and size: edits come faster
    paths = variables.get("PYTHONPATH")
    sys.path[:0] = [str(folder), *([str(folder / paths)] if paths else [])]
    try:
        spec = tomllib.loads(Path("mlctl.toml").read_text())["model"]["m"]
        rows = [
            [float(cell) for cell in line.split(",")]
            for line in Path("table.csv").read_text().splitlines()[1:]
        ]
        space = runpy.run_path("model.py")
        model = space["make"](**spec["params"]).set_params(random_state=spec["seed"])
        model.fit([row[:2] for row in rows], [row[2] for row in rows])
        found = model.predict([[a / 20, b / 20] for a in range(20) for b in range(20)]).tobytes()
    except Exception as error:  # noqa: BLE001 - a model that cannot be built is another answer
        found = f"{type(error).__name__}: {error}".encode()
    answers.put(hashlib.sha256(found).hexdigest())


def answer(folder: Path, variables: Mapping[str, str]) -> str:
    """`by_hand` in a process of its own."""
    context = multiprocessing.get_context("fork")
    queue: multiprocessing.Queue[str] = context.Queue()
    child = context.Process(target=by_hand, args=(folder, variables, queue))
    child.start()
    found = queue.get(timeout=60)
    child.join()
    return found


def mlctl(folder: Path, variables: Mapping[str, str], *words: str) -> dict[str, object]:
    """The JSON of a command."""
    environment = {**os.environ, **variables, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [MLCTL, *words, "--json"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if not done.stdout:
        raise SystemExit(f"{folder.name}: {' '.join(words)}: {done.stderr}")
    found: dict[str, object] = json.loads(done.stdout)
    return found


def is_stale(folder: Path, variables: Mapping[str, str]) -> tuple[bool, str]:
    """Whether `plan` would train, and why."""
    document = mlctl(folder, variables, "plan")
    if not isinstance(data := document.get("data"), dict):
        raise SystemExit(f"{folder.name}: {document}")
    step = next(one for one in data["steps"] if one["step"].startswith("train"))
    return step["state"] != "fresh", str(step.get("why", ""))


def write(folder: Path, files: Mapping[str, str | None]) -> None:
    """Write or remove files."""
    for name, text in files.items():
        path = folder / name
        if text is None:
            path.unlink()
            if path.parent != folder and not any(path.parent.iterdir()):
                path.parent.rmdir()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def made(work: Path, small: Small) -> Path:
    """The project, trained once."""
    folder = work / small.name.replace(" ", "-")
    folder.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    write(folder, {"mlctl.toml": SPEC, "table.csv": table(), **small.files})
    mlctl(folder, small.variables, "init")
    mlctl(folder, small.variables, "data", "add")
    mlctl(folder, small.variables, "train")
    return folder


def tried(folder: Path, small: Small, edit: Edit, before: str) -> tuple[bool, bool, str]:
    """Make the edit, ask, and take it back: whether the answers differ, `plan` would train, and why."""
    names = {*edit.files}
    kept = {name: (folder / name).read_text() if (folder / name).exists() else None for name in names}
    variables = {**small.variables, **edit.variables}
    write(folder, edit.files)
    try:
        differs = answer(folder, variables) != before
        stale, why = is_stale(folder, variables)
    finally:
        for name, text in kept.items():
            if text is None:
                (folder / name).unlink(missing_ok=True)
                for above in (folder / name).parents:
                    if above != folder and above.is_dir() and not any(above.iterdir()):
                        above.rmdir()
            else:
                write(folder, {name: text})
    return differs, stale, why


def main(arguments: list[str], ask: Callable[[str], None] = print) -> int:
    """Try every edit; 1 where a result would be stale."""
    parser = argparse.ArgumentParser(description="stale results and needless runs")
    parser.add_argument("--keep", help="a folder to work in and to leave")
    asked = parser.parse_args(arguments)
    began = time.monotonic()
    work = Path(asked.keep) if asked.keep else Path(tempfile.mkdtemp())
    work.mkdir(exist_ok=True)
    count = stale_results = needless = counting = wrong_labels = 0
    for small in (project() for project in PROJECTS):
        folder = made(work, small)
        before = answer(folder, small.variables)
        for edit in (*usual(small.files), *small.edits):
            differs, stale, why = tried(folder, small, edit, before)
            count += 1
            counting += edit.counts
            if differs != edit.counts:
                wrong_labels += 1
                ask(f"LABEL    {small.name}: {edit.what}: labelled {edit.counts}, answers differ: {differs}")
            if differs and not stale:
                stale_results += 1
                ask(f"STALE    {small.name}: {edit.what}")
            if not differs and not edit.counts and stale:
                needless += 1
                ask(f"NEEDLESS {small.name}: {edit.what}: {why}")
        if is_stale(folder, small.variables)[0]:
            ask(f"NEEDLESS {small.name}: everything taken back: {is_stale(folder, small.variables)[1]}")
            needless += 1
    ask(f"{count} edits, {counting} of them count; labels that the answers contradict: {wrong_labels}")
    ask(f"stale results: {stale_results}")
    ask(f"needless runs: {needless} of {count - counting} ({needless / (count - counting):.1%})")
    ask(f"{time.monotonic() - began:.0f} s")
    if not asked.keep:
        shutil.rmtree(work)
    return int(bool(stale_results or wrong_labels))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
