"""A session: what every verb is handed besides its request."""

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from mlctl.domain.decision import Actor
from mlctl.domain.errors import NotFound
from mlctl.domain.ids import Ulid, ulid
from mlctl.domain.looks import clock_read, span_compared
from mlctl.domain.progress import Report, silent
from mlctl.domain.spec import ModelSpec, Spec, not_acted_on
from mlctl.domain.spec_reader import read_spec
from mlctl.store.repository import Repository
from mlctl.workspace.environment import actor as find_actor

SPEC_FILE = "mlctl.toml"


class Session:
    """One command in one project.

    Attributes:
        root: the project's folder, the one with `mlctl.toml` and `.mlctl/`.
        command: the command line as typed, for the record.
        report: receives progress events.
        clock: the time now, UTC; tests hand in their own.
        warnings: what came up on the way (a tracker that failed); shown beside those of the verb's outcome.
    """

    def __init__(
        self,
        repository: Repository,
        *,
        command: str = "",
        report: Report = silent,
        clock: Callable[[], datetime] | None = None,
        actor: Actor | None = None,
    ) -> None:
        self.repository = repository
        repository.report = report
        self.root: Path = repository.root
        self.command = command
        self.report = report
        self.clock = clock or _utc_now
        self._actor = actor
        self.warnings: tuple[str, ...] = ()

    @classmethod
    def open(cls, start: Path, *, command: str = "", report: Report = silent) -> "Session":
        """The session of the repository in `start` or above it.

        Raises:
            NoRepository: there is none.
            FormatTooNew: a newer mlctl wrote it.
        """
        return cls(Repository.find(start), command=command, report=report)

    @cached_property
    def actor(self) -> Actor:
        """Who acts, found once."""
        return self._actor or find_actor(self.root)

    @cached_property
    def spec(self) -> Spec:
        """The project's spec.

        Raises:
            NotFound: there is no `mlctl.toml`.
            SpecInvalid: with every problem in it.
        """
        path = self.root / SPEC_FILE
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise NotFound(f"{path} does not exist", "mlctl init --template bare", path=str(path)) from None
        spec = read_spec(text, SPEC_FILE)
        self.warnings += not_acted_on(spec)
        return spec

    def model_name(self, name: str | None) -> str:
        """The model meant: the one named, or the only one of the project.

        Raises:
            NotFound: no such model in the spec, or none named where there are several.
        """
        models = self.spec.model
        if name is None and len(models) == 1:
            return next(iter(models))
        if name is None:
            known = ", ".join(sorted(models)) or "none"
            raise NotFound(
                f"which model? {SPEC_FILE} declares: {known}", "mlctl models", models=sorted(models)
            )
        if name not in models:
            known = ", ".join(sorted(models)) or "none"
            raise NotFound(
                f"{SPEC_FILE} declares no model {name!r}; it declares: {known}", "mlctl models", model=name
            )
        return name

    def model_spec(self, name: str) -> ModelSpec:
        """The spec of a model that `model_name` has returned."""
        return self.spec.model[name]

    def now(self) -> str:
        """The time now in RFC 3339 UTC with milliseconds."""
        return timestamp(self.clock())

    def has_passed(self, span: timedelta, since: datetime) -> bool:
        """Whether so much time has passed since a moment.

        Asked in this way, an answer is known to hold until then; one that reads `clock` is never kept.
        """
        passed = self.clock() - since >= span
        span_compared(since.timestamp() + span.total_seconds())
        return passed

    def new_id(self) -> Ulid:
        """A fresh ULID."""
        return ulid(int(self.clock().timestamp() * 1000), os.urandom(10))


def timestamp(moment: datetime) -> str:
    """RFC 3339 UTC with milliseconds and a Z."""
    return re.sub(r"\+00:00$", "Z", moment.astimezone(UTC).isoformat(timespec="milliseconds"))


def _utc_now() -> datetime:
    clock_read()
    return datetime.now(UTC)
