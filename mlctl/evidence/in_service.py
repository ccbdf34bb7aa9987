"""A model on the path that serves: size, time of one row, memory, and requests of the model before it."""

from collections.abc import Iterator
from datetime import date, datetime
from statistics import median
from time import perf_counter_ns
from typing import Any

import msgspec
import pyarrow as pa

from mlctl.contracts.flavor import Predictor
from mlctl.datasets.checks import said_of
from mlctl.datasets.tables import read_version
from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import Corrupt, Missing, PredictionFailed
from mlctl.domain.in_use import DataChecked, InUse, Replay
from mlctl.domain.model import ModelVersion
from mlctl.evidence.loading import open_predictor
from mlctl.evidence.verdicts import Question
from mlctl.project.session import Session
from mlctl.serving.plan import Plan
from mlctl.serving.protocol import Refused, RowReader
from mlctl.tabular.check import run_checks
from mlctl.tabular.encode import Encoder
from mlctl.tabular.encode_table import matrix_from_table
from mlctl.tabular.parquet import table_from
from mlctl.workspace.memory import rise

_WARM = 3
_RUNS = 100
_LONGEST = 200_000_000  # nanoseconds that timing may take, beyond the first runs
_FEWEST = 5
_ROWS = 200


def in_service(session: Session, question: Question, rows: pa.Table) -> dict[str, Any]:
    """`in_use`, `replay` and `data_checks` of an evaluation on these rows.

    Raises:
        Missing, Corrupt, Untrusted, NotInstalled: the candidate cannot be loaded.
    """
    version = question.version
    predictor, memory = _remembered(session, version, rows)
    plan = Plan(version, predictor)
    timed = _timed(plan, sum(artefact.size for artefact in version.artefacts))
    return {
        "in_use": msgspec.structs.replace(timed, memory=memory, rows=rows.num_rows),
        "replay": _replayed(session, question, plan),
        "data_checks": _checked(session, question),
    }


def _checked(session: Session, question: Question) -> DataChecked | None:
    """The declared checks on what the version was trained on; None where nobody asks for them."""
    if question.checks is None:
        return None
    use = question.run.data[0]
    table = read_version(session, session.repository.facts.get(DatasetVersion, use.digest))
    results = run_checks(table, question.checks, use.name)
    failed = tuple(said_of(result) for result in results if not result.passed)
    return DataChecked(data=use.name, checks=len(results), failed=failed)


def _timed(plan: Plan, size: int) -> InUse:
    example = plan.signature.example
    row = {wanted.name: [_plain(example.get(wanted.name))] for wanted in plan.signature.inputs}
    taken: list[int] = []
    try:
        for _ in range(_WARM):
            plan.answer(row)
        start = perf_counter_ns()
        while len(taken) < _FEWEST or (len(taken) < _RUNS and perf_counter_ns() - start < _LONGEST):
            before = perf_counter_ns()
            plan.answer(row)
            taken.append(perf_counter_ns() - before)
    except PredictionFailed as error:
        return InUse(bytes=size, latency_ms=None, why=error.message)
    return InUse(bytes=size, latency_ms=round(median(taken) / 1e6, 4), runs=len(taken))


def _remembered(session: Session, version: ModelVersion, rows: pa.Table) -> tuple[Predictor, int | None]:
    """The model loaded, and the memory that it needs beyond libraries and caches that are there by now.

    It is loaded a second time in this process, after the one that was evaluated: a process of its own would
    measure its libraries above all, and take longer than all else that is measured here.
    """
    pa.default_memory_pool().release_unused()
    with rise() as found:
        predictor = open_predictor(session, version)
        matrix = matrix_from_table(Encoder(version.features), rows)
        predictor.predict(matrix)
        if version.signature.classes:
            predictor.probabilities(matrix)
    return predictor, found.bytes


def _replayed(session: Session, question: Question, plan: Plan) -> Replay | None:
    """The first request of the incumbent that the candidate does not answer, or how many it has answered."""
    incumbent = question.incumbent
    if incumbent is None or not session.repository.facts.has(ModelVersion, incumbent.deployed):
        return None
    before = session.repository.facts.get(ModelVersion, incumbent.deployed)
    reader = RowReader(plan.signature, strict=question.spec.serve.schema == "strict")
    own = RowReader(before.signature, strict=True)
    rows = [row for row in _requests(session, before) if _takes(own, row)]
    try:
        plan.answer(reader.check(rows))
    except Refused as refused:
        at, column = refused.row or 0, refused.column
        return Replay(digest=incumbent.deployed, rows=at, column=column, why=refused.message)
    except PredictionFailed as error:
        return Replay(digest=incumbent.deployed, rows=0, why=error.message)
    return Replay(digest=incumbent.deployed, rows=len(rows))


def _takes(reader: RowReader, row: dict[str, Any]) -> bool:
    try:
        reader.check([row])
    except Refused:
        return False
    return True


def _requests(session: Session, before: ModelVersion) -> Iterator[dict[str, Any]]:
    """What a model takes: its example, and rows that it is watched by, spread over all of them."""
    inputs = before.signature.inputs
    if before.signature.example:
        yield {wanted.name: _plain(before.signature.example.get(wanted.name)) for wanted in inputs}
    if before.reference is None:
        return
    try:
        table = table_from(session.repository.objects.read(before.reference))
    except (Missing, Corrupt):
        return  # not brought here, or fsck's to report
    names = [wanted.name for wanted in inputs if wanted.name in table.column_names]
    step = max(1, table.num_rows // _ROWS)
    for row in table.select(names).take(list(range(0, table.num_rows, step))).to_pylist():
        yield {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    return value.isoformat() if isinstance(value, date | datetime) else value
