"""`mlctl predict`: a table of any size through the plan that serves, to a file that appears whole or not."""

import os
import time
from contextlib import closing, suppress
from pathlib import Path

from mlctl.deployment.plans import plan_of
from mlctl.deployment.pointer import VersionPointer
from mlctl.domain.errors import NotFound
from mlctl.domain.outcome import Outcome
from mlctl.domain.progress import Event
from mlctl.domain.requests.predict import PredictRequest, PredictResult
from mlctl.domain.spec import ReadSpec
from mlctl.project.resolve import ModelFound, resolve_model
from mlctl.project.session import Session
from mlctl.serving.batch import BatchPredictor
from mlctl.tabular.batches import TableWriter, read_batches


def predict(session: Session, request: PredictRequest) -> Outcome[PredictResult]:
    """Score every row of the input.

    Raises:
        NotFound, Ambiguous: the selector means no model version, or several.
        ColumnMissing: the input lacks a feature.
        UnreadableTable: the input is no table.
        PredictionFailed: a cell does not fit, or the model failed; the message names the row. Nothing is
            written.
    """
    started = time.monotonic()
    found = resolve_model(session, request.model)
    output = Path(request.output)
    aside = output.with_name(f".{output.name}.{os.getpid()}.aside")
    writer = TableWriter(aside, output.name)
    columns: tuple[str, ...] = ()
    with closing(VersionPointer(session.repository, found.model, found.digest, found.number)) as pointer:
        held = pointer.resolve()
        batches = BatchPredictor(
            plan_of(session, held.model, held.folder), request.input, _read_spec(session, found)
        )
        try:
            for batch in read_batches(Path(request.input), _read_spec(session, found)):
                answered = batches.predict(batch)
                columns = tuple(answered.column_names)
                session.report(Event(step=f"predict {request.input}", done=batches.rows, unit="rows"))
                if request.dry_run:
                    break
                writer.write(answered)
            writer.close()
            if not request.dry_run:
                _publish(aside, output)
        finally:
            with suppress(OSError):
                writer.close()
            aside.unlink(missing_ok=True)
    result = PredictResult(
        model=found.model,
        version=found.number,
        digest=found.digest,
        input=request.input,
        output=request.output,
        rows=writer.rows,
        columns=columns,
        seconds=round(time.monotonic() - started, 3),
        dry_run=request.dry_run,
    )
    return Outcome(data=result)


def _publish(aside: Path, output: Path) -> None:
    """Flush, then rename: a reader finds the old file or the whole new one."""
    with aside.open("rb") as file:
        os.fsync(file.fileno())
    aside.replace(output)


def _read_spec(session: Session, found: ModelFound) -> ReadSpec:
    """How the spec reads the model's data: texts for missing values, replacements, separators."""
    try:
        model = session.spec.model.get(found.model)
        data = None if model is None else session.spec.data.get(model.data)
    except NotFound:
        return ReadSpec()
    return ReadSpec() if data is None else data.read
