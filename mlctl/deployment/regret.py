"""Looking back at a promotion: would the model before it have answered better since?

The rows that the promoted model has answered, and whose truth has come, are scored again by the model before.
Where the difference is clear (days resampled, one-sided 95 %, and more than 2 %), the stage goes back.
"""

from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mlctl.deployment.recalibration import fresh_rows
from mlctl.deployment.view import View
from mlctl.deployment.watched import family_of
from mlctl.domain.decision import Change, Draft, Entry
from mlctl.domain.errors import ColumnMissing, Corrupt, Missing, NotInstalled, Untrusted
from mlctl.domain.loop import MIN_TEST_ROWS, Action
from mlctl.domain.model import ModelVersion, Signature
from mlctl.domain.names import Names
from mlctl.evidence.loading import open_predictor
from mlctl.monitoring.columns import class_codes, numbers
from mlctl.monitoring.metric import scored
from mlctl.project.notify import notify
from mlctl.project.session import Session
from mlctl.project.stops import retirement_of, stopped
from mlctl.statistics.intervals import interval
from mlctl.statistics.metrics import pinball_loss
from mlctl.statistics.resample import draws, unit_codes, unit_sums
from mlctl.tabular.encode import Encoder
from mlctl.tabular.encode_table import matrix_from_table

FIRST_DAYS = 7
LAST_DAYS = 21
_MARGIN = 0.02
_SAMPLES = 1000


class Regret(msgspec.Struct, frozen=True, kw_only=True):
    """How the promoted model did beside the one before it, on the same rows.

    Attributes:
        now, then: mean loss (absolute error, pinball loss, cost of a row, or share of wrong classes).
        low: lower end of the difference's one-sided 95 % interval, or None.
    """

    rows: int
    days: int
    now: float
    then: float
    low: float | None

    @property
    def clear(self) -> bool:
        """Whether the model before would have been better beyond doubt and margin."""
        return self.low is not None and self.low > 0 and self.now > self.then * (1 + _MARGIN)


def look_back(session: Session, view: View, names: Names, *, dry_run: bool) -> Action | None:
    """Take a promotion back if the model before it would have been better; None without anything to judge."""
    model, stage = view.result.model, view.result.stage
    found = _last_promotion(session, model, stage, names)
    if found is None:
        return None
    entry, change = found
    facts = session.repository.facts
    if change.old is None or change.new is None or not facts.has(ModelVersion, change.old):
        return None
    before = names.number_of(f"models/{model}", change.old)
    gone = before is not None and retirement_of(session, names, model, before) is not None
    if gone or family_of(facts.get(ModelVersion, change.new)) != view.deployed.family:
        return None
    regret = _regret(session, view, facts.get(ModelVersion, change.old))
    if regret is None or not regret.clear:
        return None
    label = f"{model}@{names.number_of(f'models/{model}', change.old)}"
    said = (
        f"{label} would have had {regret.then:.4g} where {regret.now:.4g} was seen, over {regret.days} days"
    )
    against = stopped(session, names, (Change(name=change.name, old=change.new, new=change.old),))
    if against is not None or dry_run:
        why = f"refused: {against.why}; {said}" if against is not None else f"would: {said}"
        return Action(action="rollback", result=why)
    decision = _commit(session, view, change.old, entry, said)
    return Action(
        action="rollback",
        result=f"done: {said}" if decision is not None else f"waiting: stage {stage} moved meanwhile",
        version=names.number_of(f"models/{model}", change.old),
        decision=decision,
    )


def _regret(session: Session, view: View, before: ModelVersion) -> Regret | None:
    """The comparison; None too where the model before cannot answer what is asked now, or has other costs."""
    now, then = view.deployed.model.signature, before.signature
    if (now.target, now.task, now.quantile) != (then.target, then.task, then.quantile):
        return None
    prices = _prices(now), _prices(then)
    if prices[0] != prices[1] or (prices[0] is not None and now.positive != then.positive):
        return None
    try:
        return regret_of(session, view, before)
    except (ColumnMissing, Missing, Corrupt, Untrusted, NotInstalled):
        return None


def regret_of(session: Session, view: View, before: ModelVersion) -> Regret | None:
    """The comparison, on one to three weeks of labelled answers; None before and after that time."""
    rows = fresh_rows(view, None)
    days = view.answered.time[rows].astype("datetime64[D]").astype(np.int64)
    if len(rows) < MIN_TEST_ROWS or not FIRST_DAYS <= len(np.unique(days)) <= LAST_DAYS:
        return None
    table = view.answered.table.take(pa.array(rows))
    observed = view.answered.observed.take(pa.array(rows))
    now = _loss_now(view, table, observed)
    then = _loss_then(session, before, table, observed)
    codes, units = unit_codes(days)
    sums = unit_sums(np.column_stack([now - then, np.ones(len(rows))]), codes, units)
    drawn = np.concatenate([chunk @ sums for chunk in draws(units, _SAMPLES, seed=0)])
    low, _ = interval(drawn[:, 0] / drawn[:, 1], units, confidence=0.9)
    return Regret(rows=len(rows), days=units, now=float(now.mean()), then=float(then.mean()), low=low)


def _loss_now(view: View, table: pa.Table, observed: pa.ChunkedArray) -> NDArray[np.float64]:
    answers = scored(table, observed, view.deployed.model.signature)
    return _loss(answers.output, answers.truth, view.deployed.model.signature)


def _loss_then(
    session: Session, before: ModelVersion, table: pa.Table, observed: pa.ChunkedArray
) -> NDArray[np.float64]:
    answers = open_predictor(session, before).predict(matrix_from_table(Encoder(before.features), table))
    signature = before.signature
    if signature.task == "regression":
        return _loss(np.asarray(answers, np.float64) * before.level, numbers(observed), signature)
    return _loss(np.asarray(answers), class_codes(observed, signature.classes), signature)


def _loss(output: NDArray[Any], truth: NDArray[Any], signature: Signature) -> NDArray[np.float64]:
    if signature.quantile is not None:
        return pinball_loss(output - truth, signature.quantile)
    prices = _prices(signature)
    if prices is not None:
        late, called = (column == len(signature.classes) - 1 for column in (truth, output))
        return np.asarray(prices[0] * (~late & called) + prices[1] * (late & ~called), dtype=np.float64)
    errors = np.abs(output - truth) if signature.task == "regression" else output != truth
    return np.asarray(errors, dtype=np.float64)


def _prices(signature: Signature) -> tuple[float, float] | None:
    """Costs of a false positive and a false negative; of a bare threshold, those by which it is right."""
    if signature.costs is not None or signature.threshold is None:
        return signature.costs
    return signature.threshold, 1 - signature.threshold


def _last_promotion(session: Session, model: str, stage: str, names: Names) -> tuple[Entry, Change] | None:
    """The loop's newest promotion of the stage, and the change that it made."""
    name = f"stages/{model}/{stage}"
    for effect in reversed(names.effects.get(name, [])):
        entry = session.repository.decisions.get(effect.number).entry
        if entry.kind == "promote":
            change = next(change for change in entry.changes if change.name == name)
            return (entry, change) if entry.actor.via == "loop" else None
    return None


def _commit(session: Session, view: View, digest: str, entry: Entry, said: str) -> int | None:
    name = f"stages/{view.result.model}/{view.result.stage}"

    def prepare(names: Names) -> Draft | None:
        if names.value(name) != view.deployed.digest:
            return None  # someone moved the stage meanwhile
        if stopped(session, names, (Change(name=name, old=view.deployed.digest, new=digest),)) is not None:
            return None  # or froze it
        return Draft(
            kind="rollback",
            changes=(Change(name=name, old=view.deployed.digest, new=digest),),
            reason=said,
            evidence={"promotion": entry.number},
            needs=(digest,),
        )

    committed = session.repository.decisions.commit(
        prepare, actor=session.actor, command=session.command, now=session.now
    )
    session.warnings += notify(session, committed)
    return committed.entry.number if committed is not None else None
