"""A process that has loaded all that a fit needs and forks for each: a fit then begins at once.

Each fit is a process of its own, in a session of its own. The host ends with this process, and with it the
fit that is going on.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from mlctl.domain.hybrid import HostedJob
from mlctl.store.files import write_all

_CHUNK = 4096


class FitHost:
    """The host; started by the first job. Nothing else may read from it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._read = b""

    def run(
        self,
        given: Mapping[str, str],
        folder: Path,
        project: Path,
        variables: Mapping[str, str | None],
        limit: float,
    ) -> str:
        """Run `job.json` of a folder to its end; how it ended, in words. The folder gets `log`.

        Args:
            given: variables of the host, which the first job starts.
            folder: with the job.
            project: where it works.
            variables: that are other ones than those given; None: not set.
            limit: seconds after which it is ended.
        """
        process = self._started(given)
        job = HostedJob(folder=str(folder), project=str(project), variables=dict(variables))
        fitting, code, deadline = 0, None, time.monotonic() + limit
        try:
            assert process.stdin is not None  # noqa: S101 - a pipe was asked for
            write_all(process.stdin.fileno(), msgspec.json.encode(job) + b"\n")
            fitting = int(self._line(process, deadline))
            code = int(self._line(process, deadline))
        except TimeoutError:
            return f"the fit was ended after {limit:.0f} s"
        except (EOFError, BrokenPipeError):
            return "the process that was to fit has ended"
        finally:
            if code is None:  # too late, or Ctrl-C: neither goes on
                self.close(fitting)
        return f"the fit's process ended with code {code}"

    def close(self, fitting: int = 0) -> None:
        """End it, and the fit that is going on."""
        process, self._process, self._read = self._process, None, b""
        for one in (fitting, process.pid if process is not None else 0):
            if one:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(one, signal.SIGKILL)
        if process is not None:
            process.kill()
            process.communicate()

    def _started(self, given: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "mlctl.reproduction.fit_hybrid", "--host"],
                env=dict(given),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                start_new_session=True,
            )
        return self._process

    def _line(self, process: "subprocess.Popen[bytes]", deadline: float) -> bytes:
        """The next line that it says.

        Raises:
            TimeoutError: it says nothing until the deadline. EOFError: it has ended.
        """
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        while b"\n" not in self._read:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
                raise TimeoutError
            chunk = os.read(process.stdout.fileno(), _CHUNK)
            if not chunk:
                raise EOFError
            self._read += chunk
        line, _, self._read = self._read.partition(b"\n")
        return line
