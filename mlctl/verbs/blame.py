"""`mlctl blame`: from one answer back to the rows, the code and the decision that it came from.

Prediction row → model version → run → data → code, and the evaluation and decision that let it answer. Every
record and file on the way is verified against the digest that it is named by.
"""

from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from mlctl.domain.decision import Committed
from mlctl.domain.errors import Corrupt, MlctlError, NotFound, UsageError
from mlctl.domain.evaluation import Evaluation
from mlctl.domain.ids import Digest
from mlctl.domain.model import ModelVersion
from mlctl.domain.outcome import Outcome
from mlctl.domain.prediction import DIGEST, ID, META, OUTPUT, PROBABILITIES, STAGE, TIME, LabelBatch
from mlctl.domain.requests.blame import (
    BlamedCode,
    BlamedDecision,
    BlamedEvaluation,
    BlamedLabel,
    BlamedRun,
    BlameRequest,
    BlameResult,
)
from mlctl.domain.run import Run
from mlctl.evidence.chain import Chain
from mlctl.project.order import in_order, metric_order
from mlctl.project.resolve import resolve_prediction
from mlctl.project.session import Session
from mlctl.tabular.join import key_text, positions_of
from mlctl.tabular.schema import require_columns


def blame(session: Session, request: BlameRequest) -> Outcome[BlameResult]:
    """The chain behind one answer.

    Raises:
        NotFound: no such answer is logged.
        Corrupt: a link is damaged; `facts["chain"]` has the whole result and `facts["damaged"]` what failed.
    """
    model, row, answers = _found(session, request)
    chain = Chain(session)
    digest = row[DIGEST]
    version = chain.model(digest)
    run = None if version is None else chain.run(version)
    datasets = () if version is None else chain.datasets(version)
    decided = None if version is None else chain.decision(version, digest, row[STAGE], row[TIME])
    evaluated = None if version is None else chain.evaluation(version, digest, decided)
    result = BlameResult(
        prediction=row[ID],
        time=row[TIME],
        input=_input(row, version),
        output=row[OUTPUT],
        probabilities=None if row.get(PROBABILITIES) is None else tuple(row[PROBABILITIES]),
        model=model,
        version=chain.names.number_of(f"models/{model}", digest),
        digest=Digest(digest),
        stage=row[STAGE],
        decision=None if decided is None else decided.entry.number,
        decided=None if decided is None else _decision(decided),
        evaluation=None if evaluated is None else evaluated[0],
        evaluated=None if evaluated is None else _evaluation(*evaluated, metric_order(session, model)),
        run=None if run is None else run.run,
        trained=None if run is None else _run(run),
        refit_of=None if version is None else version.refit_of,
        datasets=datasets,
        code=None if run is None else _code(run),
        label=_label(session, chain, model, row),
        answers=answers,
        damaged=tuple(chain.damaged),
        verified=not chain.damaged and not chain.absent,
    )
    if chain.damaged:
        raise _damaged(result)
    several = (f"{answers} answers have this key; this is the newest",) if answers > 1 else ()
    return Outcome(data=result, warnings=(*several, *chain.absent))


def _found(session: Session, request: BlameRequest) -> tuple[str, dict[str, Any], int]:
    """The model, the row, and how many rows the key has."""
    if (request.prediction is None) == (not request.key):
        raise UsageError("name a prediction by its id, or by --key column=value", "mlctl blame --help")
    if request.prediction is not None:
        found = resolve_prediction(session, request.prediction)
        return found.model, found.row, 1
    model = session.model_name(request.model)
    table = session.repository.predictions.table(model)
    for pair in request.key:
        column, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"--key {pair}: write column=value", "mlctl blame --help")
        if table.num_rows:
            require_columns(table, [column], f"the prediction log of {model}")
            table = table.filter(
                pc.fill_null(pc.equal(key_text(table.column(column)), value), fill_value=False)
            )
    if table.num_rows == 0:
        raise NotFound(
            f"no logged prediction of {model} has {', '.join(request.key)}", f"mlctl monitor {model}"
        )
    newest = table.take(pc.sort_indices(table, sort_keys=[(ID, "descending")]).slice(0, 1))
    return model, newest.to_pylist()[0], table.num_rows


def _input(row: dict[str, Any], version: ModelVersion | None) -> dict[str, Any]:
    """The row as served, in the order of the model's signature."""
    served = {name: value for name, value in row.items() if not name.startswith(META)}
    order = () if version is None else tuple(wanted.name for wanted in version.signature.inputs)
    return {name: served[name] for name in (*order, *served) if name in served}


def _label(session: Session, chain: Chain, model: str, row: dict[str, Any]) -> BlamedLabel | None:
    """The truth of the row by the batches that count; the last one added wins."""
    try:
        batches = session.repository.labels.table(model, chain.names)
    except MlctlError as error:
        chain.note("labels", error)
        return None
    single = pa.Table.from_pylist([row])
    digests = (
        {batch: digest for digest, batch in session.repository.facts.where(LabelBatch, model=model)}
        if batches
        else {}
    )
    for batch, table in reversed(batches):
        if not set(batch.by) <= set(single.column_names):
            continue
        at = int(positions_of(single, table, batch.by)[0])
        if at >= 0:
            digest = digests[batch]
            number = chain.names.last_effect(f"labels/{model}/{digest}")
            return BlamedLabel(value=table.column(batch.target)[at].as_py(), batch=digest, decision=number)
    return None


def _decision(committed: Committed) -> BlamedDecision:
    entry = committed.entry
    return BlamedDecision(
        number=entry.number,
        kind=entry.kind,
        time=entry.committed_at,
        actor=entry.actor,
        command=entry.command,
        reason=entry.reason,
        sha256=committed.sha256,
    )


def _evaluation(digest: Digest, evaluation: Evaluation, order: tuple[str, ...]) -> BlamedEvaluation:
    metrics = {name: estimate.value for name, estimate in in_order(evaluation.metrics, order).items()}
    return BlamedEvaluation(digest=digest, dataset=evaluation.dataset, rows=evaluation.rows, metrics=metrics)


def _run(run: Run) -> BlamedRun:
    return BlamedRun(
        run=run.run,
        purpose=run.purpose,
        started_at=run.started_at,
        seconds=run.seconds,
        command=run.command,
        seed=run.seed,
        parameters=run.parameters,
    )


def _code(run: Run) -> BlamedCode:
    code = run.code
    return BlamedCode(commit=code.commit, dirty=code.dirty, branch=code.branch, patch=code.patch)


def _damaged(result: BlameResult) -> Corrupt:
    lines = [f"{one.what}: {one.message}" for one in result.damaged]
    head = f"the chain behind prediction {result.prediction} does not verify:"
    return Corrupt(
        "\n  ".join([head, *lines]),
        "mlctl fsck",
        verified=False,
        damaged=msgspec.to_builtins(result.damaged),
        chain=msgspec.to_builtins(result, enc_hook=str),
    )
