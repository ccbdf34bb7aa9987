"""Runs while they run: a folder each, locked by its writer, with what is printed and measured."""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from mlctl.domain.ids import Ulid, is_ulid
from mlctl.domain.records import decode, encode
from mlctl.store.files import explained, write_all
from mlctl.store.layout import Layout

_ABOUT = "about.json"
_LOG = "log.txt"
_METRICS = "metrics.jsonl"


class Abandoned(msgspec.Struct, frozen=True, kw_only=True):
    """A run whose process died before it was finished.

    Attributes:
        about: what its writer said of it when it began.
    """

    run: Ulid
    folder: Path
    about: Mapping[str, str]

    @property
    def may_go_on(self) -> bool:
        """Whether it trains by a program and has said what it was asked."""
        return "program" in self.about and "asked" in self.about

    @property
    def why(self) -> str:
        """What is to be said of it, and what goes on with it."""
        on = f"; it goes on with `mlctl train --resume {self.run}`" if self.may_go_on else ""
        return f"{self.about.get('error', 'its process ended without finishing')}{on}"


class LiveRun:
    """One run that is going on. Lines written survive kill -9; `metric` is flushed to the disk every second.

    Attributes:
        folder: scratch space that lives as long as the run.
    """

    def __init__(self, run: Ulid, folder: Path, lock: int) -> None:
        self.run = run
        self.folder = folder
        self._lock: int | None = lock
        self._log = _appender(folder / _LOG)
        self._metrics = _appender(folder / _METRICS)
        self._flushed = time.monotonic()

    def note(self, **about: str) -> None:
        """Keep more for whoever finds the run abandoned; whole or not at all."""
        self._keep({**_about(self.folder), **about})

    def forget(self, name: str) -> None:
        """Keep something no more that was noted."""
        about = _about(self.folder)
        if about.pop(name, None) is not None:
            self._keep(about)

    def _keep(self, about: Mapping[str, str]) -> None:
        aside = self.folder / f"{_ABOUT}.new"
        with explained(self.folder):
            aside.write_bytes(encode(about))
            aside.replace(self.folder / _ABOUT)

    def abandon(self) -> None:
        """End the run and leave its folder, to be taken up again."""
        if self._lock is not None:
            self._release()

    @property
    def log_path(self) -> Path:
        """The file that `log` appends to."""
        return self.folder / _LOG

    def log(self, text: str) -> None:
        """Append text as it is."""
        write_all(self._log, text.encode())

    def metric(self, step: int, **values: float) -> None:
        """Append one point of the metrics."""
        write_all(self._metrics, encode({"step": step, "time": time.time(), **values}))
        if time.monotonic() - self._flushed > 1.0:
            os.fsync(self._metrics)
            self._flushed = time.monotonic()

    def close(self) -> None:
        """End the run, remove its folder: what is worth keeping is in objects by now. Safe to call twice."""
        if self._lock is None:
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        self._release()

    def _release(self) -> None:
        for descriptor in (self._log, self._metrics, self._lock):
            if descriptor is not None:
                os.close(descriptor)
        self._lock = None


class LiveRuns:
    """The runs of a repository that are not finished."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.live_runs

    def create(self, run: Ulid, **about: str) -> LiveRun:
        """Begin a run; `about` is kept for whoever finds it abandoned."""
        folder = self._folder / run
        with explained(folder):
            folder.mkdir(parents=True)
            lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
            fcntl.flock(lock, fcntl.LOCK_EX)
            (folder / _ABOUT).write_bytes(encode(about))
            return LiveRun(run, folder, lock)

    def resume(self, run: Ulid) -> LiveRun | None:
        """Take an abandoned run up again; None where there is none, or where it is going on."""
        folder = self._folder / run
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        if not folder.exists():  # it was collected between open and flock
            os.close(lock)
            return None
        return LiveRun(run, folder, lock)

    @contextmanager
    def held(self, run: Abandoned) -> Iterator[bool]:
        """Keep an abandoned run from being taken up again; False where it has been, or is gone."""
        try:
            lock = os.open(run.folder, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            yield False
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            ours = True
        except BlockingIOError:
            ours = False
        try:
            yield ours and run.folder.exists()
        finally:
            os.close(lock)

    def killed(self) -> list[Abandoned]:
        """Runs whose writer is gone, oldest first."""
        return [run for run in self.unfinished() if _is_free(run.folder)]

    def unfinished(self) -> list[Abandoned]:
        """Runs that are going on, and those whose writer is gone, oldest first."""
        folders = sorted(self._folder.iterdir()) if self._folder.exists() else []
        return [
            Abandoned(run=Ulid(folder.name), folder=folder, about=_about(folder))
            for folder in folders
            if is_ulid(folder.name)
        ]


def _appender(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)


def _is_free(folder: Path) -> bool:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _about(folder: Path) -> dict[str, str]:
    try:
        about: Any = decode((folder / _ABOUT).read_bytes(), dict[str, str])
    except (OSError, msgspec.DecodeError):  # it died before it could say
        return {}
    return dict(about)
