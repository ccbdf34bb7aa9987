"""Fits in processes of their own, one after the other, each in a fresh copy of the clean work tree.

A process that does not end in time is ended, with all that it started; so is one when Ctrl-C is pressed.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from mlctl.domain.ids import Digest
from mlctl.domain.progress import Event
from mlctl.domain.replay import Controls, Job, Replayed
from mlctl.domain.requests.reproduce import Attempt
from mlctl.learning.controls import THREADS
from mlctl.project.session import Session
from mlctl.reproduction.clean_project import CleanProject
from mlctl.reproduction.comparing import same
from mlctl.workspace.clean_tree import copy_tree
from mlctl.workspace.environment import variables_at_start

_LEAST, _TIMES = 120.0, 10.0


class NoFitLeft(Exception):
    """As many fits as were allowed have been made."""


class Attempts:
    """The fits of one `reproduce`.

    Attributes:
        done: what is told of each.
        fits: what came of each.
    """

    def __init__(
        self,
        session: Session,
        clean: CleanProject,
        version: Digest,
        record: Replayed,
        *,
        most: int,
        seconds: float,
    ) -> None:
        self.done: list[Attempt] = []
        self.fits: list[Replayed] = []
        self.record = record
        self._session = session
        self._clean = clean
        self._version = version
        self._most = most
        self._limit = max(_LEAST, _TIMES * seconds)
        self._tree = clean.room / "tree"

    def fit(self, controls: Controls) -> Replayed:
        """Fit once more.

        Raises:
            NoFitLeft: that would be one too many.
        """
        if len(self.done) >= self._most:
            raise NoFitLeft
        number = len(self.done) + 1
        held = told(controls)
        step = f"fit {number}{f', {held}' if held else ''}"
        self._session.report(Event(step=step, done=0, total=1, unit="fits"))
        begin = time.monotonic()
        found = self._fitted(number, controls)
        like = next((at for at, one in enumerate(self.fits, 1) if same(one, found)), number)
        self.fits.append(found)
        self.done.append(
            Attempt(
                number=number,
                held=held,
                as_recorded=same(found, self.record),
                like=like,
                seconds=round(time.monotonic() - begin, 3),
                error=found.error,
            )
        )
        self._session.report(Event(step=step, done=1, total=1, unit="fits"))
        return found

    def reference(self, number: int) -> bytes:
        """The answers of a fit, as a table's bytes."""
        return (self._folder(number) / "reference.parquet").read_bytes()

    def _folder(self, number: int) -> Path:
        return self._clean.room / f"{number:04}"

    def _fitted(self, number: int, controls: Controls) -> Replayed:
        copy_tree(self._clean.pristine, self._tree)
        temporary = self._clean.room / "temporary"
        shutil.rmtree(temporary, ignore_errors=True)  # a name that is taken would not be given again
        temporary.mkdir()
        folder, project = self._folder(number), self._tree / self._clean.project
        folder.mkdir()
        job = Job(
            project=str(self._session.root),
            tree=str(project),
            version=self._version,
            answer=str(folder),
            controls=controls,
        )
        (folder / "job.json").write_bytes(msgspec.json.encode(job))
        environment = {**_environment(controls), "TMPDIR": str(temporary)}
        ended = run_job("mlctl.reproduction.fit_again", folder, project, environment, self._limit)
        try:
            return msgspec.json.decode((folder / "answer.json").read_bytes(), type=Replayed)
        except (OSError, msgspec.DecodeError):
            return Replayed(error=f"{ended}: {last_words(folder)}")


def told(controls: Controls) -> str:
    """What is held, in words."""
    said = []
    if controls.seeds is not None:
        said.append(f"seeds {controls.seeds}")
    if controls.hash_seed is not None:
        said.append(f"hash seed {controls.hash_seed}")
    if controls.addresses:
        said.append("memory addresses")
    if controls.ballast:
        said.append(f"{controls.ballast} objects more of each size")
    if controls.threads is not None:
        said.append("one thread" if controls.threads == 1 else f"{controls.threads} threads")
    if controls.kernels is not None:
        said.append(f"OpenBLAS's code for {controls.kernels}")
    if controls.clock is not None:
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(controls.clock))
        said.append(f"clock at {at}")
    return ", ".join(said)


def given_variables() -> dict[str, str]:
    """The variables that this process was given."""
    return {**variables_at_start(), **os.environ, "PYTHONDONTWRITEBYTECODE": "1"}


def _environment(controls: Controls) -> Mapping[str, str]:
    """The variables that this process was given, and those that hold something."""
    variables = given_variables()
    if controls.hash_seed is not None:
        variables["PYTHONHASHSEED"] = str(controls.hash_seed)
    if controls.threads is not None:
        variables |= dict.fromkeys(THREADS, str(controls.threads))
    if controls.kernels is not None:
        variables["OPENBLAS_CORETYPE"] = controls.kernels
    return variables


def last_words(folder: Path) -> str:
    """The last line that a job has said."""
    log = (folder / "log").read_text(encoding="utf-8", errors="replace").strip()
    return log.splitlines()[-1] if log else "it said nothing"


def run_job(module: str, folder: Path, project: Path, environment: Mapping[str, str], limit: float) -> str:
    """Run a module's job in a process of its own to its end; how it ended, in words.

    Args:
        module: that is handed `job.json`.
        folder: with `job.json`; gets `log`.
        project: where it works.
        environment: its variables, all of them.
        limit: seconds after which it is ended.
    """
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, str(folder / "job.json")],
            cwd=project,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            return f"the fit was ended after {limit:.0f} s"
        finally:
            _end(process)
    return f"the fit's process ended with code {code}"


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the process and all that it has started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
