"""An evaluation written to files, from the store alone: nothing is fitted and no model is asked."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from mlctl.domain.evaluation import Evaluation
from mlctl.domain.model import ModelVersion, Signature
from mlctl.domain.prediction import INCUMBENT, INCUMBENT_PROBABILITIES, OUTPUT, PROBABILITIES, WEIGHT
from mlctl.domain.requests.eval import EvalResult
from mlctl.learning.evaluate import units_of
from mlctl.learning.rows import Array, targets
from mlctl.project.session import Session
from mlctl.reporting.page import Kept, page
from mlctl.reporting.plots import RivalKept
from mlctl.statistics.metrics import Answers
from mlctl.statistics.resample import unit_codes
from mlctl.tabular.parquet import table_from
from mlctl.tabular.time import event_time
from mlctl.workspace.text_files import write_text


def write_page(session: Session, data: EvalResult, evaluation: Evaluation, path: Path) -> None:
    """Write the HTML page of a stored evaluation.

    Raises:
        Missing, Corrupt: the rows or the version are not in the store.
    """
    version = session.repository.facts.get(ModelVersion, evaluation.model_digest)
    write_text(path, page(data, kept_rows(session, evaluation, version), evaluation.created_at))


def kept_rows(session: Session, evaluation: Evaluation, version: ModelVersion) -> Kept:
    """The rows of an evaluation as the store keeps them.

    Intervals of plots draw what the evaluation drew; where that was a column which is no input of the model,
    rows.
    """
    signature = version.signature
    table = table_from(session.repository.objects.read(evaluation.predictions))
    output = targets(table.column(OUTPUT), signature.classes)
    probabilities: Array | None = None
    if PROBABILITIES in table.column_names:
        flat = table.column(PROBABILITIES).combine_chunks().flatten()
        probabilities = np.asarray(flat).reshape(table.num_rows, len(signature.classes))
    answers = Answers(
        truth=targets(table.column(signature.target), signature.classes),
        output=output,
        probabilities=probabilities,
        classes=len(signature.classes),
        positive=len(signature.classes) - 1 if signature.task == "binary" else 1,
        terms=signature.terms,
        weights=np.asarray(table.column(WEIGHT)) if WEIGHT in table.column_names else None,
    )
    timed = bool(version.time) and set(version.time) <= set(table.column_names)
    moments = event_time(table, version.time) if timed else None
    number = evaluation.incumbent.version
    unit = evaluation.resample
    column = table.column(unit).to_pylist() if unit in table.column_names else None
    if unit != "row" and column is None and moments is None:
        unit = "row"
    labels = units_of(unit, table.num_rows, moments, column)
    known = labels if len(labels) == table.num_rows else np.arange(table.num_rows)
    return Kept(
        answers=answers,
        moments=moments,
        units=unit_codes(known),
        classes=signature.classes,
        target=signature.target,
        rival=None if number is None else _incumbent(table, answers, signature, f"{version.model}@{number}"),
    )


def _incumbent(table: pa.Table, own: Answers, signature: Signature, label: str) -> RivalKept | None:
    """The incumbent's answers where they were compared; None where they were not, or were not kept."""
    if INCUMBENT not in table.column_names:
        return None
    output = targets(table.column(INCUMBENT), signature.classes)
    known = output >= 0 if signature.classes else np.isfinite(output)
    probabilities: Array | None = None
    if INCUMBENT_PROBABILITIES in table.column_names:
        flat = table.column(INCUMBENT_PROBABILITIES).combine_chunks().flatten()
        probabilities = np.asarray(flat).reshape(table.num_rows, len(signature.classes))
        known &= np.isfinite(probabilities).all(axis=1)
    if not known.any():
        return None
    part = replace(
        own,
        truth=own.truth[known],
        output=output[known],
        probabilities=None if probabilities is None else probabilities[known],
        weights=None if own.weights is None else own.weights[known],
    )
    return RivalKept(label=label, answers=part, rows=known)
