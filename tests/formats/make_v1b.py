"""Makes `v1b/repository.tar.gz`: folders as datasets, with manifests in several chunks.

Run once (`python tests/formats/make_v1b.py`), never again, as `make_v1.py`.
"""

import hashlib
import itertools
import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # run as a program, from anywhere

from mlctl.domain.manifest import begins_chunk  # noqa: E402 - the line above makes it importable
from tests.e2e.projects import Terminal  # noqa: E402 - as above
from tests.formats.make_v1 import pack  # noqa: E402 - as above

ARCHIVE = Path(__file__).parent / "v1b" / "repository.tar.gz"
FOLDER = "img"
CHUNKS = 3


def sum_of(folder: Path) -> dict[str, str]:
    """The sha256 of every file, by its path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def names() -> list[str]:
    """Paths of which some begin a chunk."""
    numbered = (f"c{number % 3}/{number}.txt" for number in itertools.count())
    first = list(itertools.islice((name for name in numbered if begins_chunk(name)), CHUNKS))
    return [*first, *(f"c{number % 3}/{number}.txt" for number in range(30)), "\u00fcber all.txt", "a #1.txt"]


def live(folder: Path) -> dict[str, object]:
    """Versions of a folder and of a file; what a reader must find there."""
    folder.mkdir()
    terminal = Terminal(folder)
    terminal.data("init")
    for name in names():
        path = folder / FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    (folder / "a.bin").write_bytes(bytes(range(256)))
    terminal.data("data", "add", FOLDER, "a.bin")
    sums = {"1": sum_of(folder / FOLDER)}
    (folder / FOLDER / "c0" / "0.txt").write_text("changed", encoding="utf-8")
    (folder / FOLDER / "c1" / "1.txt").rename(folder / FOLDER / "moved.txt")
    (folder / FOLDER / "c2" / "2.txt").unlink()
    terminal.data("data", "add", FOLDER)
    sums["2"] = sum_of(folder / FOLDER)
    terminal.data("undo")
    terminal.data("redo")
    return {"sums": sums, "kinds": [one["kind"] for one in terminal.data("log")["decisions"]]}


def main() -> int:
    """The program."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "repository"
        expected = live(folder)
        (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")
        pack(folder, ARCHIVE)
    sys.stdout.write(f"{ARCHIVE.relative_to(ROOT)}: {ARCHIVE.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
