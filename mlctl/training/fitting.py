"""The heavy half of `train`: read the rows, fit, judge on the test rows, store run and model as facts.

A run that fails is recorded as failed with what it printed; one that is interrupted is marked killed. Neither
touches a name: the decision comes after the facts, in `train`.
"""

import contextlib
import shlex
import sys
import time
import warnings as python_warnings
from collections.abc import Iterator
from typing import Any

import msgspec

from mlctl.datasets.tables import current_version
from mlctl.domain.errors import MlctlError, NotFound
from mlctl.domain.ids import Digest, Ulid
from mlctl.domain.model import Artefact, ModelVersion
from mlctl.domain.progress import Event
from mlctl.domain.records import encode
from mlctl.domain.run import DataUse, Run
from mlctl.domain.spec import ModelSpec
from mlctl.learning.carried import digest_of_code
from mlctl.learning.estimator import path_of
from mlctl.learning.fit import Fitted, Problem, Source, fit, problem_of
from mlctl.learning.flavors import saved
from mlctl.learning.kernels import kernels
from mlctl.learning.rows import Array, identities
from mlctl.learning.tables import answered_table
from mlctl.learning.tracing import NATIVE
from mlctl.learning.tracing import tracing as traced
from mlctl.learning.workshop import Workshop
from mlctl.project.session import Session
from mlctl.statistics.metrics import Answers
from mlctl.store.runs import LiveRun
from mlctl.tabular.parquet import table_bytes
from mlctl.training.asked import answers, test_metrics
from mlctl.training.folding import fold_metrics
from mlctl.training.learnt import Learnt, cells_of, key_lines, stamp
from mlctl.training.linting import judged
from mlctl.training.programs import WORKSHOP, ProgramRun
from mlctl.training.recipe import Recipe, computing, require_data
from mlctl.training.run_log import RunLog
from mlctl.training.splitting import noted, rows_of, weight_noted
from mlctl.training.uses import used_by
from mlctl.workspace.builds import COMPUTES, builds_of
from mlctl.workspace.environment import environment
from mlctl.workspace.git import code_state

_OF_THE_SPLIT = frozenset({"folds", "split", "lint"})
"""Notes that say nothing of a refit on all rows."""


def add_data(session: Session, recipe: Recipe) -> list[str]:
    """Add what the work tree holds and has no version yet; what was done, in sentences."""
    names = [recipe.spec.data] if recipe.data is None else []
    names += [recipe.spec.split.test] if recipe.spec.split.by == "dataset" and recipe.held is None else []
    return [sentence for name in names for sentence in current_version(session, name)[2]]


def fit_and_store(
    session: Session, recipe: Recipe, resume: str | None = None
) -> tuple[Run, Digest, ModelVersion, list[str]]:
    """Do the run, or go on with one that was broken off; the facts are stored when this returns.

    Raises:
        TrainingFailed, ColumnMissing, UsageError, ...: recorded as a failed run first.
    """
    with recording(session, recipe.model, recipe.purpose, resume=resume) as record:
        record.begin(recipe)
        learnt = rows_of(session, recipe)
        record.chose(learnt)
        problem = problem_of(learnt.rows, learnt.spec, learnt.source, record.shop)
        notes, suspicions = judged(recipe.model, learnt, problem, refuse=recipe.purpose != "loop")
        record.linted(notes)
        with record.tracing(learnt.spec):
            fitted = _fitted(session, record, learnt, problem)
            with record.capture():
                own = answers(fitted, problem, learnt.test)
                over_folds, told = fold_metrics(session, learnt, problem, own)
        record.folded(told)
        run = record.finish(test_metrics(own, problem, learnt) | over_folds)
        version = store_model(session, fitted, learnt.source, run, rows=learnt.train.num_rows)
        version = with_learnt(session, version, learnt.train, learnt.train_moments)
        version = msgspec.structs.replace(version, reference=_reference(session, version, own, learnt))
        digest = session.repository.facts.add(version)
        session.repository.facts.add(run)
        warnings = [
            f"{count} rows left out: {why}" for why, count in learnt.dropped.items() if why != "train_where"
        ]
        return run, digest, version, warnings + suspicions + record.said


def _fitted(session: Session, record: "Recording", learnt: Learnt, problem: Problem) -> Fitted:
    train = learnt.train
    name = path_of(learnt.spec, problem.task).rpartition(":")[2]
    step = f"fit {name} on {train.num_rows} rows"
    session.report(Event(step=step, done=0, total=1, unit="fits"))
    with record.capture():
        fitted = fit(train, problem)
    session.report(Event(step=step, done=1, total=1, unit="fits"))
    return fitted


def _reference(session: Session, version: ModelVersion, own: Answers, learnt: Learnt) -> Digest:
    """What the monitor compares with where the tested version is deployed: its test rows and answers."""
    columns = [column.name for column in version.signature.inputs]
    table = answered_table(learnt.test, columns, version.signature, own, {})
    return session.repository.objects.put(table_bytes(table))


def store_model(session: Session, fitted: Fitted, source: Source, run: Run, *, rows: int) -> ModelVersion:
    """The model's files as objects, and the version that names them (not stored yet)."""
    flavor, files = saved(fitted.estimator, fitted.probe, fitted.signature, root=fitted.root)
    objects = session.repository.objects
    artefacts = tuple(
        Artefact(name=name, sha256=objects.put(data), size=len(data)) for name, data in sorted(files.items())
    )
    session.repository.own_code.add(digest_of_code({one.name: one.sha256 for one in artefacts}))
    return ModelVersion(
        created_at=session.now(),
        model=run.model,
        run=run.run,
        flavor=flavor,
        artefacts=artefacts,
        estimator=fitted.name,
        parameters=fitted.parameters,
        searched=fitted.searched,
        features=fitted.encoder.encodings,
        signature=fitted.signature,
        rows=rows,
        time=source.time,
        key=source.key,
        datasets=tuple(use.digest for use in run.data if use.role == "train"),
    )


def with_learnt(session: Session, version: ModelVersion, table: Any, moments: Array | None) -> ModelVersion:
    """The version with the rows that it learnt on record: their times, or their keys without time."""
    if moments is not None:
        return msgspec.structs.replace(
            version, learnt_from=stamp(moments.min()), learnt_through=stamp(moments.max())
        )
    lines = key_lines(identities(table, version.key, cells_of(version)))
    return msgspec.structs.replace(version, learnt_keys=session.repository.objects.put(lines))


class Recording:
    """One run while it goes on: its live folder, its log, and the fact that is made of it in the end."""

    def __init__(self, session: Session, model: str, purpose: str, live: LiveRun, run: Ulid) -> None:
        self._session = session
        self._live = live
        self._started = time.monotonic()
        self._fact: dict[str, Any] = {
            "run": run,
            "model": model,
            "purpose": purpose,
            "started_at": session.now(),
        }
        self._ready = False
        self._packages: set[str] = set()
        self._program: ProgramRun | None = None
        self._asked = False
        self.said: list[str] = []

    @property
    def resumable(self) -> bool:
        """Whether a program has left something that a new start of it could go on from, and `train` may."""
        return self._asked and self._program is not None and self._program.resumable

    def begin(self, recipe: Recipe, *, program: bool = True) -> None:
        """Record what is known before anything is read; `program` is whether one is to be run here."""
        session, objects = self._session, self._session.repository.objects
        data = require_data(recipe)
        uses = [DataUse(name=data.name, digest=data.digest, sha256=data.version.sha256, role="train")]
        if recipe.held is not None:
            held = recipe.held
            uses.append(DataUse(name=held.name, digest=held.digest, sha256=held.version.sha256, role="test"))
        state, patch = code_state(session.root)
        if patch is not None:
            state = msgspec.structs.replace(state, patch=objects.put(patch))
        self._fact |= {
            "cache_key": recipe.key or Digest("0" * 64),
            "spec": objects.put(encode(recipe.spec)),
            "seed": recipe.spec.seed,
            "parameters": dict(recipe.spec.params),
            "data": tuple(uses),
            "code": state,
            "environment": environment(),
            "command": session.command,
            "notes": {"window": recipe.window, "apply_where": recipe.apply_where},
        }
        self._packages = set(computing(recipe.spec))
        self._ready = True
        if program:
            told = {} if recipe.spec.command is None else {"program": shlex.join(recipe.spec.command)}
            self._live.note(key=recipe.key or "", asked=encode(recipe.asked).decode(), **told)
            self._asked = True
            self._by_program(recipe.model, recipe.spec)

    def take(self, **fields: Any) -> None:
        """Record fields of the fact that are known from elsewhere."""
        self._fact |= fields
        self._ready = True

    def workshop(self, model: str) -> Workshop:
        """Where a program of the run works."""
        return Workshop(run=self._live.run, model=model, folder=self._live.folder / WORKSHOP)

    def _by_program(self, model: str, spec: ModelSpec) -> None:
        if spec.command is not None:
            self._program = ProgramRun(self._session, self._live, model, spec.command)

    @property
    def shop(self) -> Workshop | None:
        """Where the programs of the run work; None where it has none."""
        return self._program.shop if self._program is not None else None

    def chose(self, learnt: Learnt) -> None:
        """Record which rows are learnt from and held out, before the fit."""
        dropped = sum(learnt.dropped.values())
        cutoff = learnt.split.cutoff if learnt.split else None
        self._fact["notes"] |= {
            "rows": {"train": learnt.train.num_rows, "test": learnt.test.num_rows, "dropped": dropped},
            "dropped": learnt.dropped,
            "split": noted(learnt),
            "context": list(learnt.source.context),
            "cutoff": None if cutoff is None else stamp(cutoff),
        }
        if learnt.spec.weight is not None:
            self._fact["notes"]["weight"] = weight_noted(learnt)

    def linted(self, notes: list[dict[str, Any]]) -> None:
        """Record what is suspicious of the split, accepted or not."""
        if notes:
            self._fact["notes"] |= {"lint": notes}

    def folded(self, told: list[dict[str, Any]]) -> None:
        """Record the folds of a cross-validation, oldest first: rows, times and metrics of each."""
        if told:
            self._fact["notes"] |= {"folds": told}

    @contextlib.contextmanager
    def tracing(self, spec: ModelSpec) -> Iterator[None]:
        """What runs inside is traced where it is the user's code; the run's fact says what it used."""
        if self._program is not None:
            yield
            used, said = self._program.used()
            self._fact["used"] = self._session.repository.objects.put(encode(used))
            self.said += said + self._program.said()
            return
        if spec.build is None and path_of(spec, "").startswith("sklearn."):
            yield
            return
        root = self._session.root
        with traced(root) as trace:
            yield
        used = used_by(self._session, trace, NATIVE)
        self._packages |= set(used.packages)
        self._fact["used"] = self._session.repository.objects.put(encode(used))
        self.said += [f"tracing is blind: {reason}; all files of the project count" for reason in used.blind]
        self.said += [f"this run will not be reused: {reason}" for reason in used.live]

    def adopt(self, run: Run, spec: ModelSpec, key: Digest, notes: dict[str, Any]) -> None:
        """Take over the record of the run whose recipe is fitted again."""
        kept = ("spec", "seed", "parameters", "data", "code", "environment", "used")
        self._fact |= {name: getattr(run, name) for name in kept}
        kept_notes = {name: note for name, note in run.notes.items() if name not in _OF_THE_SPLIT}
        self._fact |= {"cache_key": key, "command": self._session.command, "notes": {**kept_notes, **notes}}
        self._ready = True
        self._by_program(run.model, spec)

    @contextlib.contextmanager
    def capture(self) -> Iterator[None]:
        """What the user's code prints and warns of goes to the run's log, not to the terminal.

        A program of its own is heard elsewhere, and shown meanwhile.
        """
        sink = RunLog(self._live)
        aside = self._program is None
        with (
            contextlib.redirect_stdout(sink) if aside else contextlib.nullcontext(),
            contextlib.redirect_stderr(sink) if aside else contextlib.nullcontext(),
            python_warnings.catch_warnings(record=True) as caught,
        ):
            python_warnings.simplefilter("always")
            try:
                yield
            finally:
                lines = {f"{item.category.__name__}: {item.message}" for item in caught}
                for line in sorted(lines):
                    self._live.log(f"{line}\n")
                self.said += sorted(lines)[:3]

    def finish(self, metrics: dict[str, float | None]) -> Run:
        """The fact of a finished run; storing it is the caller's last step."""
        for name, number in metrics.items():
            if number is not None and "." not in name:
                self._live.metric(0, **{name: number})
        self._fact["notes"] |= {
            "builds": builds_of(COMPUTES | self._packages, sys.path),
            "kernels": kernels(),
        }
        return self._made("finished", metrics, None)

    def fail(self, status: str, error: str) -> None:
        """Store the fact of a run that came to nothing."""
        if self._ready:
            self._session.repository.facts.add(self._made(status, {}, error))

    def _made(self, status: str, metrics: dict[str, float | None], error: str | None) -> Run:
        if self._program is not None:
            self._fact |= self._program.close()
            self._fact["notes"] |= self._program.notes()
        log = self._live.log_path.read_bytes()
        return Run(
            created_at=self._session.now(),
            status=status,
            seconds=round(time.monotonic() - self._started, 3),
            metrics=metrics,
            log=self._session.repository.objects.put(log) if log else None,
            error=error,
            **self._fact,
        )


@contextlib.contextmanager
def recording(
    session: Session, model: str, purpose: str, *, resume: str | None = None
) -> Iterator[Recording]:
    """A run: recorded as failed or killed where what happens inside raises.

    A program that was interrupted, or has taken too long, may go on from what it has left: its run is broken
    off, and its folder stays.

    Args:
        session: of the project.
        model: for the record.
        purpose: for the record.
        resume: an abandoned run that is taken up again.

    Raises:
        NotFound: that run is going on, or is gone.
    """
    runs = session.repository.runs
    live = runs.resume(Ulid(resume)) if resume is not None else None
    if resume is not None and live is None:
        raise NotFound(f"run {resume} is no broken off run any more", "mlctl runs", run=resume)
    if live is not None:
        live.forget("error")  # of the time before: whatever ends it now is another reason
    else:
        live = runs.create(session.new_id(), model=model, purpose=purpose, started_at=session.now())
    try:
        record = Recording(session, model, purpose, live, live.run)
        try:
            yield record
        except KeyboardInterrupt:
            if record.resumable:
                live.note(error="interrupted")
                live.abandon()
            else:
                record.fail("killed", "interrupted")
            raise
        except MlctlError as error:
            if error.facts.get("late") and record.resumable:
                live.note(error=error.message)
                live.abandon()
                error.hints = (f"mlctl train --resume {live.run}", *error.hints)
            else:
                record.fail("failed", error.message)
            raise
    finally:
        live.close()
