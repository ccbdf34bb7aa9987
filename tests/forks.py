"""Runs `mlctl` and `dvc` as forks of one process that has imported what they need.

Each run is a process of its own, with its own folder, environment, standard streams and exit code; only the
start of the interpreter and the imports, most of the time of a short command, are had once. What is about the
start, the imports, signals or several processes at a time is for `subprocess`.
"""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

MODULES = (
    "mlctl.cli.main",
    "mlctl.cli.quick",
    "sklearn.linear_model",
    "pyarrow.parquet",
    "pyarrow.csv",
    "skops.io",
    "mlctl.builtin.flavors.sklearn",
)
DVC = ("dvc.cli", "dvc.repo", "dvc.commands.data_sync")
"""Beside the commands and verbs of mlctl."""


class Forks:
    """A process whose forks are the runs of a program; it starts with the first of them and ends with ours.

    Args:
        program: "mlctl" or "dvc".
        environment: in which its modules are imported.
    """

    def __init__(self, program: str, environment: Mapping[str, str]) -> None:
        self._program, self._environment = program, dict(environment)
        self._lock = threading.Lock()
        self._line: socket.socket | None = None
        self._owner = 0

    def run(
        self,
        arguments: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        timeout: float = 240,
        code: str | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """As `subprocess.run` with `capture_output` and `text`, with nothing on standard input.

        Args:
            arguments: of the program.
            cwd: where it runs.
            env: its whole environment; PYTHONPATH is heeded for what has not been imported yet.
            timeout: seconds.
            code: Python to be run in place of the program.

        Raises:
            TimeoutError: it has not ended; it is killed.
        """
        with self._lock, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            line = self._started()
            what = {"arguments": list(arguments), "cwd": str(cwd), "env": dict(env), "code": code}
            job = json.dumps(what).encode()
            line.settimeout(None)
            socket.send_fds(line, [len(job).to_bytes(8, "little")], [out.fileno(), err.fileno()])
            line.sendall(job)
            child = int.from_bytes(_received(line, 8), "little")
            line.settimeout(timeout)
            try:
                code = int.from_bytes(_received(line, 8), "little", signed=True)
            except TimeoutError:
                os.kill(child, signal.SIGKILL)
                line.settimeout(None)
                _received(line, 8)
                raise
            out.seek(0)
            err.seek(0)
            said, told = out.read().decode(), err.read().decode()
        return subprocess.CompletedProcess([self._program, *arguments], code, said, told)

    def _started(self) -> socket.socket:
        if self._line is None or self._owner != os.getpid():  # a fork of ours has a program of its own
            ours, theirs = socket.socketpair()
            server = subprocess.Popen(
                [sys.executable, "-m", "tests.forks", self._program, str(theirs.fileno())],
                cwd=Path(__file__).parents[1],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
            theirs.close()
            self._line, self._owner = ours, os.getpid()
            atexit.register(_end, server, ours)
        return self._line


def _end(server: "subprocess.Popen[bytes]", line: socket.socket) -> None:
    line.close()
    with suppress(subprocess.TimeoutExpired):
        server.wait(timeout=10)


def _received(line: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = line.recv(length - len(data))
        if not piece:
            raise ConnectionError("the process whose forks are the programs has ended")
        data += piece
    return data


def _run(program: str, job: dict[str, Any]) -> None:
    """Be the program, to its end."""
    script = Path(sys.executable).with_name(program)
    ours = {"", str(Path.cwd()), *os.environ.get("PYTHONPATH", "").split(os.pathsep)}
    theirs = [folder for folder in job["env"].get("PYTHONPATH", "").split(os.pathsep) if folder]
    sys.path[:] = [str(script.parent), *theirs, *(folder for folder in sys.path[1:] if folder not in ours)]
    os.chdir(job["cwd"])
    os.environ.clear()
    os.environ.update(job["env"])
    sys.argv = [str(script), *job["arguments"]]
    if job["code"] is not None:
        exec(compile(job["code"], "<code>", "exec"), {"__name__": "__main__"})  # noqa: S102 - a test's own
        sys.exit(0)
    if program == "mlctl":
        import_module("mlctl.__main__").program()
    sys.exit(import_module("dvc.cli").main())


def _be(program: str, job: dict[str, Any], out: int, err: int) -> None:
    """What a fork does; it never comes back."""
    code = 1
    try:
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.close(out)
        os.close(err)
        _run(program, job)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:  # noqa: BLE001 - the fork must end here, whatever happened
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _prepare(program: str) -> None:
    if program == "dvc":
        for name in DVC:
            import_module(name)
        return
    table = import_module("mlctl.cli.table")
    for name in MODULES:
        import_module(name)
    for path in table.COMMANDS:
        stem = table.stem_of(path)
        table.load(table.command_target(stem))
        with suppress(ModuleNotFoundError):  # a few commands have no verb
            table.load(table.verb_target(stem))


def main() -> None:
    """The program whose forks they are: serve one run after the other until the line is closed."""
    program, line = sys.argv[1], socket.socket(fileno=int(sys.argv[2]))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _prepare(program)
    while True:
        head, descriptors, _, _ = socket.recv_fds(line, 8, 2)
        if len(head) < 8:
            return
        job = json.loads(_received(line, int.from_bytes(head, "little")))
        child = os.fork()
        if child == 0:
            line.close()
            _be(program, job, *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        line.sendall(child.to_bytes(8, "little"))
        _, status = os.waitpid(child, 0)
        line.sendall(os.waitstatus_to_exitcode(status).to_bytes(8, "little", signed=True))


if __name__ == "__main__":
    main()
