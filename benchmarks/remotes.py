"""S4, the part that leaves the machine: push, a push of nothing and pull, beside the real DVC.

    python benchmarks/remotes.py [FILES] [RUNS]

A folder as remote first; then S3 (moto, in a process of its own), beside dvc-s3; then SSH to the machine's
own sshd, where there is one (ours alone: dvc-ssh is no dependency). A pull is a fetch and a checkout.
"""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from life import DVC, MLCTL, call
from paired import Sample, environment, run_once

SIZE = 4096
S3_FILES = 300


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of ours and of the peer's, of which there may be none."""

    name: str
    ours: Sample
    peer: Sample | None
    goal: str


def make_files(folder: Path, count: int) -> None:
    """Small files of random bytes, a thousand a subfolder."""
    for number in range(count):
        if number % 1000 == 0:
            (folder / f"{number // 1000:03}").mkdir(parents=True)
        (folder / f"{number // 1000:03}" / f"{number:06}.bin").write_bytes(os.urandom(SIZE))


def project(work: Path, name: str, url: str, options: dict[str, str]) -> Path:
    """A project with the files added, whose remote is at the URL; by mlctl, or by dvc alone."""
    root, to = work / name, f"{url}-{name}"
    if name == "ours":
        call(work, MLCTL, "init", name, "--template", "bare")
    else:
        root.mkdir()
        call(root, "git", "init", "-q")
        call(root, DVC, "init", "-q")
        call(root, DVC, "config", "core.analytics", "false")
    shutil.copytree(work / "files", root / "files")
    if name == "ours":
        call(root, MLCTL, "data", "add", "files")
        more = [text for option, value in options.items() for text in ("--option", f"{option}={value}")]
        call(root, MLCTL, "remote", "add", "store", to, *more)
        call(root, MLCTL, "push")  # joins the log, which is no part of what is measured
    else:
        call(root, DVC, "add", "-q", "files")
        call(root, DVC, "remote", "add", "-d", "store", to)
        for option, value in options.items():
            call(root, DVC, "remote", "modify", "--local", "store", option, value)
    return root


def commands(name: str) -> dict[str, list[str]]:
    """How each side pushes and pulls."""
    if name == "ours":
        return {act: [MLCTL, act] for act in ("push", "pull")}
    return {"push": [DVC, "push", "-q"], "pull": [DVC, "pull", "-q"]}


def rounds(root: Path, name: str, empty: Callable[[str], None], runs: int) -> Iterator[list[Sample]]:
    """One list a run: push, push of nothing, pull. What it starts from is made before the clock runs."""
    acts = commands(name)
    for _ in range(runs):
        empty(name)
        for left in (root / ".dvc/tmp", root / ".mlctl/index/remotes"):
            shutil.rmtree(left, ignore_errors=True)
        for known in (root / ".mlctl/index").glob(
            "remote-*"
        ):  # what was shared there: it is to be sent again
            known.unlink()
        samples = [run_once(acts["push"], root), run_once(acts["push"], root)]
        shutil.rmtree(root / "files")
        for cache in (root / ".mlctl/cache/files", root / ".dvc/cache"):
            shutil.rmtree(cache, ignore_errors=True)
        samples.append(run_once(acts["pull"], root))
        yield samples


def median(samples: list[Sample]) -> Sample:
    """Of wall and of CPU seconds, each by itself."""
    return Sample(
        wall=statistics.median(one.wall for one in samples), cpu=statistics.median(one.cpu for one in samples)
    )


def measured(
    where: str, sides: dict[str, Path], empty: Callable[[str], None], runs: int, goals: tuple[str, str, str]
) -> list[Row]:
    """Both sides in turn."""
    pairs = {name: rounds(root, name, empty, runs) for name, root in sides.items()}
    taken: dict[str, list[list[Sample]]] = {name: [] for name in sides}
    for _ in range(runs):
        for name, following in pairs.items():
            taken[name].append(next(following))
    rows = []
    for number, what in enumerate(("push", "push of nothing", "pull")):
        at = {name: median([run[number] for run in all_runs]) for name, all_runs in taken.items()}
        rows.append(Row(name=f"{where}: {what}", ours=at["ours"], peer=at.get("dvc"), goal=goals[number]))
    return rows


def to_a_folder(work: Path, count: int, runs: int) -> list[Row]:
    """Both to folders."""
    sides = {name: project(work, name, str(work / "store"), {}) for name in ("ours", "dvc")}
    return measured(
        f"folder, {count} files of 4 KiB",
        sides,
        lambda name: shutil.rmtree(work / f"store-{name}/files", ignore_errors=True),
        runs,
        (">= 8x", ">= 20x less CPU", ">= 8x"),
    )


@contextmanager
def s3_server() -> Iterator[str]:
    """Moto in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [Path(sys.executable).with_name("moto_server"), "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def to_s3(work: Path, count: int, runs: int) -> list[Row]:
    """Both to a bucket."""
    import boto3  # noqa: PLC0415 - the other rows do without

    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    with s3_server() as endpoint:
        client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
        client.create_bucket(Bucket="bench")
        options = {"endpointurl": endpoint, "region": "us-east-1"}
        sides = {name: project(work, name, "s3://bench/x", options) for name in ("ours", "dvc")}

        def empty(name: str) -> None:
            for page in client.get_paginator("list_objects_v2").paginate(
                Bucket="bench", Prefix=f"x-{name}/files/"
            ):
                for item in page.get("Contents", ()):
                    client.delete_object(Bucket="bench", Key=item["Key"])

        return measured(f"S3, {count} files of 4 KiB", sides, empty, runs, ("", "", ""))


@contextmanager
def ssh_server(work: Path) -> Iterator[dict[str, str] | None]:
    """OpenSSH's own sshd as this user on loopback; None where it is not installed."""
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if program is None:
        yield None
        return
    for key in ("host", "user"):
        call(work, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(work / key))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (work / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {work / 'host'}\nAuthorizedKeysFile {work / 'user.pub'}\n"
        "StrictModes no\nUsePAM no\nSubsystem sftp internal-sftp\nPidFile none\n"
    )
    Path("/run/sshd").mkdir(exist_ok=True)
    server = subprocess.Popen(
        [program, "-D", "-e", "-f", str(work / "sshd_config")], stderr=subprocess.DEVNULL
    )
    time.sleep(1)
    host = (work / "host.pub").read_text()
    (work / "known").write_text(f"[127.0.0.1]:{port} {host}")
    try:
        yield {"port": str(port), "keyfile": str(work / "user"), "known_hosts": str(work / "known")}
    finally:
        server.terminate()
        server.wait()


def to_ssh(work: Path, count: int, runs: int) -> list[Row]:
    """Ours to OpenSSH."""
    with ssh_server(work) as options:
        if options is None:
            return []
        root = project(work, "ours", f"ssh://127.0.0.1{work}/store", options)
        return measured(
            f"OpenSSH, {count} files of 4 KiB",
            {"ours": root},
            lambda name: shutil.rmtree(work / f"store-{name}/files", ignore_errors=True),
            runs,
            ("", "", ""),
        )


def printed(rows: list[Row]) -> str:
    """As a Markdown table; a ratio above 1 means that ours is faster."""
    lines = [
        "| workload | ours s | CPU s | dvc s | CPU s | dvc / ours (wall) | (CPU) | goal |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for row in rows:
        ours, peer = row.ours, row.peer
        beside = (
            f"{peer.wall:.2f} | {peer.cpu:.2f} | {peer.wall / ours.wall:.1f} | {peer.cpu / ours.cpu:.1f}"
            if peer is not None
            else "- | - | - | -"
        )
        lines.append(f"| {row.name} | {ours.wall:.2f} | {ours.cpu:.2f} | {beside} | {row.goal} |")
    return "\n".join(lines)


def main() -> None:
    """All rows, in memory where there is a tmpfs, so that the disk does not hide the programs."""
    count, runs = ([int(text) for text in sys.argv[1:]] + [50_000, 3][len(sys.argv) - 1 :])[:2]
    place = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - emptied again below
    rows: list[Row] = []
    for measure, files in ((to_a_folder, count), (to_s3, min(count, S3_FILES)), (to_ssh, min(count, 5_000))):
        with tempfile.TemporaryDirectory(dir=place) as folder:
            work = Path(folder)
            make_files(work / "files", files)
            rows += measure(work, files, runs)
    print(printed(rows))
    if os.environ.get("BENCH_JSON"):
        Path(os.environ["BENCH_JSON"]).write_text(json.dumps(msgspec.to_builtins(rows)))


if __name__ == "__main__":
    main()
