"""Makes `v1/repository.tar.gz`: a small repository with a bit of everything, as today's program writes it.

Run once for each format (`python tests/formats/make_v1.py`), never again: the test of a later version has to
read what this one wrote, not what it would write itself.
"""

import gzip
import io
import json
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # run as a program, from anywhere

from tests.e2e.projects import day, question, small, write_csv  # noqa: E402 - the line above makes it importable

ARCHIVE = Path(__file__).parent / "v1" / "repository.tar.gz"
DISPOSABLE = (".git", ".mlctl/index", ".mlctl/tmp", ".dvc/tmp", ".dvc/cache", "__pycache__")


def live(folder: Path) -> dict[str, object]:
    """A life in the folder; what a reader must find there."""
    terminal = small(folder, rows=200)
    terminal.data("init")
    terminal.data("data", "add", "rides.csv")
    terminal.data("train")
    terminal.data("eval")
    terminal.data("promote")
    with terminal.serving() as client:
        _status, answer = client.predict({"rows": [question(number) for number in range(200, 260)]})
    write_csv(
        folder / "truth.csv", [{"id": one, "rides": day(one, more=200)["rides"]} for one in range(200, 260)]
    )
    terminal.data("labels", "add", "truth.csv")
    terminal.data("loop", "--once", expect=(0, 41))  # it freezes, trains, evaluates and promotes demand@2
    terminal.data("rollback")
    terminal.data("undo")
    with terminal.serving() as client:
        client.predict({"rows": [question(number) for number in range(260, 265)]})  # left in an open segment
    stages = terminal.data("status")["models"][0]["stages"]
    return {
        "predictions": answer["ids"][:3],
        "outputs": answer["predictions"][:3],
        "stages": stages,
        "kinds": [one["kind"] for one in terminal.data("log")["decisions"]],
        "runs": len(terminal.data("runs")["runs"]),
        "versions": [one["version"] for one in terminal.data("models")["models"][0]["versions"]],
    }


def pack(folder: Path, archive: Path) -> None:
    """A tar of the folder without what can be made again and without the maker's names."""

    def plain(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
        path = info.name.removeprefix("repository/")
        if any(f"/{path}/".find(f"/{part}/") >= 0 for part in DISPOSABLE):
            return None
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        info.mtime = 0
        return info

    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        tar.add(folder, "repository", filter=plain)
    archive.parent.mkdir(exist_ok=True)
    archive.write_bytes(gzip.compress(content.getvalue(), 9, mtime=0))


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
