"""S2, S3, S4, S5, S12: data of many files and of one large one, beside the real DVC, `cp -r`, git and md5.

    python benchmarks/data.py [--where FOLDER]... [--files N] [--large MIB] [--runs N] [--million N]

Every place of `--where` (a tmpfs and a disk, by default shared memory and the temporary folder) gets a table.
Each act is prepared anew outside of the timing; what a run has left is put aside, not deleted: ext4 searches
around inodes that were deleted within the last minute, which costs each new file several times its due.

Two sides are floors, not peers: `cp -r`, and `CALLS`, the system calls and the two hashes that a file costs,
by one process a CPU, with no bookkeeping at all. `--files 2000 --large 64 --runs 1` takes less than a minute.
To add a row, append a `Row` to what `rows` returns.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
from paired import environment, run_once

BIN = Path(sys.executable).parent
MLCTL = str(BIN / "mlctl")
DVC = str(BIN / "dvc")
SMALL = 4096
IN_A_FOLDER = 500
MIB = 1 << 20
MEMORY = Path("/dev/shm")  # noqa: S108 - a fresh folder is made in there

HASH_AND_COPY = """
import hashlib, shutil, sys
with open(sys.argv[1], "rb") as file:
    hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
shutil.copyfile(sys.argv[1], sys.argv[2])
"""
"""md5 of a file, then one copy of it by the kernel: what nobody who stores bytes by md5 does without."""

CALLS = """
import hashlib, os, sys, threading
from multiprocessing import get_context
READ = os.O_RDONLY | os.O_CLOEXEC
WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
def take(part):
    source, cache, aside = os.open("source", READ), os.open("bare", READ), f"tmp/{os.getpid()}"
    for name in part:
        file = os.open(name, READ, dir_fd=source)
        data = os.read(file, 1 << 20)
        os.fstat(file)
        os.close(file)
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        hashlib.sha256(data).hexdigest()
        new = os.open(aside, WRITE, 0o444, dir_fd=cache)
        os.write(new, data)
        os.close(new)
        os.rename(aside, f"{md5[:2]}/{md5[2:]}", src_dir_fd=cache, dst_dir_fd=cache)
def main():
    for two in ("tmp", *(f"{number:02x}" for number in range(256))):
        os.makedirs(f"bare/{two}")
    names = []
    for folder in sorted(os.listdir("source")):
        names += [f"{folder}/{name}" for name in sorted(os.listdir(f"source/{folder}"))]
    for name in names:
        os.lstat(f"source/{name}")
    count = len(os.sched_getaffinity(0))
    workers = [get_context("fork").Process(target=take, args=(names[at::count],)) for at in range(count)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
main()
"""
"""What no program can do without that keeps files by md5 and knows them by sha256, in plain Python."""

PEAK = """
import resource, subprocess, sys, threading, time
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
def tree(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [pid, *(below for one in file.read().split() for below in tree(int(one)))]
def size(pid):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
peak = 0
while child.poll() is None:
    total = 0
    try:
        total = sum(size(pid) for pid in tree(child.pid))
    except (OSError, StopIteration):
        pass
    peak = max(peak, total)
    time.sleep(0.05)
print(peak, child.returncode)
"""
"""Peak memory of a whole process tree: pages that processes share are counted once (Pss), in KiB."""


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One way to do the work.

    Attributes:
        command: that is timed, in `folder`.
        before: makes the folder ready for it, untimed.
    """

    name: str
    command: Sequence[str]
    folder: Path
    before: Callable[[], None] = lambda: None


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table: ours first, then the peers."""

    name: str
    sides: Sequence[Side]
    goal: str


def call(folder: Path, *command: str) -> None:
    """One command that has to succeed, untimed."""
    subprocess.run(command, cwd=folder, env=environment(), check=True, capture_output=True)


def fill(folder: Path, count: int, size: int = SMALL) -> None:
    """So many different files, some hundreds a folder."""
    rest = os.urandom(max(size - 8, 0))
    for number in range(count):
        within = folder / f"{number // IN_A_FOLDER:05}"
        if number % IN_A_FOLDER == 0:
            within.mkdir(parents=True, exist_ok=True)
        (within / f"{number:08}.bin").write_bytes(number.to_bytes(8, "little") + rest)


def aside(work: Path, folder: Path) -> None:
    """Put a folder out of the way, to be deleted when nothing is timed any more; in memory, delete it."""
    if MEMORY in work.parents:
        shutil.rmtree(folder, ignore_errors=True)
    elif folder.exists():
        (work / "gone").mkdir(exist_ok=True)
        folder.rename(work / "gone" / f"{folder.name}-{time.monotonic_ns()}")


def project(work: Path, name: str, tool: str) -> Path:
    """An empty project of one tool, made anew."""
    folder = work / name
    aside(work, folder)
    folder.mkdir()
    call(folder, "git", "init", "-q")
    if tool != "git":
        call(folder, tool, "init", *([] if tool == MLCTL else ["-q"]))
    return folder


def measure(row: Row, runs: int) -> str:
    """Run the sides in turn; the line of the table."""
    samples = []
    for _ in range(runs):
        turn = []
        for side in row.sides:
            side.before()
            turn.append(run_once(side.command, side.folder))
        samples.append(turn)
    cells = [row.name]
    for number, side in enumerate(row.sides):
        wall = statistics.median(turn[number].wall for turn in samples)
        cpu = statistics.median(turn[number].cpu for turn in samples)
        text = f"{side.name}: {wall:.2f} s, {cpu:.2f} CPU s"
        if number:
            faster = statistics.median(turn[number].wall / turn[0].wall for turn in samples)
            cheaper = statistics.median(turn[number].cpu / turn[0].cpu for turn in samples)
            text += f" ({faster:.2f}x, {cheaper:.2f}x CPU)"
        cells.append(text)
    return f"| {cells[0]} | {'<br>'.join(cells[1:])} | {row.goal} |"


def many(work: Path, count: int) -> Iterator[Row]:
    """S2, S3 and S4: many small files."""
    source = work / "source"
    fill(source, count)
    ours, dvc, git = (work / name for name in ("ours", "dvc", "git"))

    def fresh(name: str, tool: str) -> Callable[[], None]:
        def act() -> None:
            shutil.copytree(source, project(work, name, tool) / "data")

        return act

    def without(folder: Path) -> Callable[[], None]:
        return lambda: aside(work, folder / "data")

    def no_copy() -> None:
        aside(work, work / "copy")

    def no_objects() -> None:
        aside(work, work / "bare")

    def again(name: str, command: list[str], folder: Path) -> Side:
        return Side(name=name, command=command, folder=folder)

    label = f"{count:,} files of 4 KiB"
    yield Row(
        name=f"S2 `data add`, {label}",
        sides=(
            Side(
                name="mlctl", command=[MLCTL, "data", "add", "data"], folder=ours, before=fresh("ours", MLCTL)
            ),
            Side(name="dvc", command=[DVC, "add", "-q", "data"], folder=dvc, before=fresh("dvc", DVC)),
            Side(name="cp -r", command=["cp", "-r", "source", "copy"], folder=work, before=no_copy),
            Side(
                name="calls and hashes alone",
                command=[sys.executable, "-c", CALLS],
                folder=work,
                before=no_objects,
            ),
        ),
        goal=">= 10x dvc; cp -r >= 0.63x",
    )
    no_copy()
    no_objects()
    fresh("git", "git")()
    call(git, "git", "add", "-A")
    for folder, command in (
        (ours, [MLCTL, "data", "add", "data"]),
        (ours, [MLCTL, "data", "add", "data"]),
        (dvc, [DVC, "status", "-q"]),
        (git, ["git", "status"]),
    ):
        call(folder, *command)
    yield Row(
        name=f"S3 `data status`, nothing changed, {label}",
        sides=(
            again("mlctl", [MLCTL, "data", "status"], ours),
            again("dvc", [DVC, "status", "-q"], dvc),
            again("git", ["git", "status"], git),
        ),
        goal=">= 10x CPU of dvc; git >= 0.25x CPU",
    )
    yield Row(
        name=f"S3 `data add`, nothing changed, {label}",
        sides=(
            again("mlctl", [MLCTL, "data", "add", "data"], ours),
            again("dvc", [DVC, "add", "-q", "data"], dvc),
            again("git", ["git", "add", "-A"], git),
        ),
        goal=">= 10x CPU of dvc; git >= 0.25x CPU",
    )
    aside(work, git)
    yield Row(
        name=f"S4 `data checkout`, {label}",
        sides=(
            Side(
                name="mlctl", command=[MLCTL, "data", "checkout", "data"], folder=ours, before=without(ours)
            ),
            Side(name="dvc", command=[DVC, "checkout", "-q"], folder=dvc, before=without(dvc)),
        ),
        goal=">= 8x",
    )


def large(work: Path, mib: int) -> Iterator[Row]:
    """S5: one large file."""
    source = work / "large.bin"
    with source.open("wb") as file:
        for _ in range(mib):
            file.write(os.urandom(MIB))

    def fresh(name: str, tool: str) -> Callable[[], None]:
        def act() -> None:
            for left in ("ours", "dvc"):  # in memory there is not room for both
                shutil.rmtree(work / left, ignore_errors=True)
            no_copy()
            shutil.copyfile(source, project(work, name, tool) / "large.bin")

        return act

    def no_copy() -> None:
        (work / "copy.bin").unlink(missing_ok=True)

    command = [sys.executable, "-c", HASH_AND_COPY, "large.bin", "copy.bin"]
    yield Row(
        name=f"S5 `data add`, one file of {mib / 1024:g} GiB",
        sides=(
            Side(
                name="mlctl",
                command=[MLCTL, "data", "add", "large.bin"],
                folder=work / "ours",
                before=fresh("ours", MLCTL),
            ),
            Side(
                name="dvc",
                command=[DVC, "add", "-q", "large.bin"],
                folder=work / "dvc",
                before=fresh("dvc", DVC),
            ),
            Side(name="md5 and one copy", command=command, folder=work, before=no_copy),
        ),
        goal="md5 and one copy >= 0.77x",
    )


def growth(work: Path, sizes: Sequence[int]) -> Iterator[str]:
    """S12: the same acts on ten times the files, with the peak memory of the whole process tree."""
    for count in sizes:
        folder = project(work, "growth", MLCTL)
        fill(folder / "data", count, size=64)
        memory = peak(folder, MLCTL, "data", "add", "data")
        call(folder, MLCTL, "data", "add", "data")
        again = run_once([MLCTL, "data", "add", "data"], folder)
        status = run_once([MLCTL, "data", "status"], folder)
        listed = run_once([MLCTL, "data", "ls"], folder)
        shutil.rmtree(folder / ".mlctl" / "cache")
        shutil.rmtree(folder / ".mlctl" / "index")
        add = run_once([MLCTL, "data", "add", "data"], folder)
        yield (
            f"| {count:,} | {add.wall:.2f} s | {again.cpu:.2f} CPU s | {status.cpu:.2f} CPU s "
            f"| {listed.wall:.2f} s | {memory} MiB |"
        )
        shutil.rmtree(folder)


def peak(folder: Path, *command: str) -> int:
    """Peak memory in MiB of a command and all its processes."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *command],
        cwd=folder,
        env=environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    kib, code = map(int, done.stdout.split())
    if code:
        raise SystemExit(f"{' '.join(command)} failed with {code}")
    return kib // 1024


def places(asked: Sequence[str]) -> list[Path]:
    """Where to measure: what was asked for, or shared memory and the temporary folder."""
    if asked:
        return [Path(one) for one in asked]
    return [*([MEMORY] if MEMORY.is_dir() else []), Path(tempfile.gettempdir())]


def main(arguments: Sequence[str] = ()) -> None:
    """Print a table for each place."""
    parser = argparse.ArgumentParser(description="data of many files and of one large one")
    parser.add_argument("--where", action="append", default=[])
    parser.add_argument("--files", type=int, default=50_000)
    parser.add_argument("--large", type=int, default=4096, help="MiB")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--million", type=int, default=0, help="files of the largest step of growth")
    asked = parser.parse_args(arguments)
    for place in places(asked.where):
        with tempfile.TemporaryDirectory(dir=place) as folder:
            work = Path(folder)
            print(f"\n### In {place}, {os.cpu_count()} CPUs\n")
            print("| workload | measured | goal |\n| --- | --- | --- |")
            for row in many(work, asked.files):
                print(measure(row, asked.runs), flush=True)
            for left in work.iterdir():
                shutil.rmtree(left)
            for row in large(work, asked.large):
                print(measure(row, asked.runs), flush=True)
            for left in work.iterdir():
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            steps = [asked.files // 50, asked.files // 5, asked.files * 2]
            if asked.million:
                steps.append(asked.million)
            print("\n| files | add | add again | status | ls | peak memory of add |")
            print("| ---: | ---: | ---: | ---: | ---: | ---: |")
            for line in growth(work, steps):
                print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
