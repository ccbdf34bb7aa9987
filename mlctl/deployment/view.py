"""One look at a model's answers: log, labels and the models behind them, judged and stored as a report."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np

from mlctl.contracts.registry import load
from mlctl.deployment.answered import Answered, load_answered
from mlctl.deployment.watched import (
    STANDARDS,
    Known,
    deployed_version,
    families_of,
    known_versions,
    watch_models,
)
from mlctl.domain.duration import duration
from mlctl.domain.errors import UsageError
from mlctl.domain.ids import Digest
from mlctl.domain.loop import alarm_budget
from mlctl.domain.monitoring import MonitorReport
from mlctl.domain.prediction import ID
from mlctl.domain.records import digest_of, encode
from mlctl.domain.requests.monitor import MonitorRequest, MonitorResult
from mlctl.domain.spec import ModelSpec
from mlctl.monitoring.look import Answers, Rules, Seen, Watched, look
from mlctl.monitoring.metric import metric_names
from mlctl.project.session import Session
from mlctl.statistics.calibration import Budget

DETECTORS = {"numeric": "ks", "categorical": "chi2"}
"""Which plugin compares which kind of column."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What one look worked with, for the loop that goes on from it."""

    result: MonitorResult
    seen: Seen
    answered: Answered
    known: Mapping[str, Known]
    deployed: Known
    rules: Rules


def take_look(session: Session, model: str, stage: str, request: MonitorRequest) -> View:
    """Everything that a look sees and what it saw it with; an alarm is not an error here."""
    spec = session.model_spec(model)
    names = session.repository.decisions.names()
    deployed = deployed_version(session, model, stage, names)
    rules = rules_of(session, spec, request.window, deployed.model.signature.task)
    answered = load_answered(session, model, spec, names)
    known = {**known_versions(session, sorted(set(answered.digests.tolist()))), deployed.digest: deployed}
    horizon = _horizon(session, answered)
    since = _moment(request.since)
    key = _key(
        answered,
        names.under(f"labels/{model}/"),
        [deployed.digest, stage, str(rules), str(since), _hour(horizon)],
    )
    detectors = {kind: load("detectors", plugin) for kind, plugin in DETECTORS.items()}
    watched, standards = watch_models(session, model, known, rules, names=names, detectors=detectors)
    seen = look(
        Answers(
            table=answered.table,
            time=answered.time,
            family=families_of(answered.digests, known),
            digests=answered.digests,
            observed=answered.observed,
        ),
        watched,
        deployed.family,
        rules,
        horizon=horizon,
        since=since,
        detectors=detectors,
    )
    report, changed = None, False
    if not request.check:
        report, changed = _stored(session, model, stage, deployed, seen, standards, key)
    result = MonitorResult(
        model=model,
        version=names.number_of(f"models/{model}", deployed.digest),
        stage=stage,
        digest=deployed.digest,
        windows=seen.windows,
        alarm=bool(seen.alarms),
        calibration=_calibration(spec, watched[deployed.family]),
        season=watched[deployed.family].standard.season,
        report=report,
        changed=changed,
        why=_why(answered, watched[deployed.family]),
    )
    return View(result=result, seen=seen, answered=answered, known=known, deployed=deployed, rules=rules)


def rules_of(session: Session, spec: ModelSpec, window: str | None, task: str) -> Rules:
    """The monitor's part of the spec in values.

    Raises:
        UsageError: a duration or a budget that cannot be read.
    """
    data = session.spec.data.get(spec.data)
    try:
        events, period = alarm_budget(spec.monitor.false_alarms)
        length, delay = duration(window or spec.monitor.window), duration(spec.monitor.labels.delay)
    except ValueError as error:
        raise UsageError(str(error), "mlctl monitor --help") from None
    return Rules(
        window=length,
        delay=delay,
        budget=Budget(events=events, period=period),
        min_rows=spec.monitor.min_rows,
        metrics=metric_names(spec, task),
        limits=spec.monitor.performance,
        drift_alarms=spec.monitor.drift == "alarm",
        checks=tuple(data.checks) if data else (),
        key=tuple(data.key) if data else (),
    )


def _horizon(session: Session, answered: Answered) -> Any:
    """Up to when all that happened is in the log: now, or the newest event where events are replayed."""
    now = np.datetime64(session.clock().astimezone(UTC).replace(tzinfo=None), "ms")
    known = answered.time[~np.isnat(answered.time)] if len(answered.time) else answered.time
    if answered.clock == "served" or len(known) == 0:
        return now
    return min(now, known.max())


def _moment(text: str | None) -> Any | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--since {text!r} is no date or time; write 2012-03-01 or 2012-03-01T06:00Z",
            "mlctl monitor --help",
        ) from None
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64(moment, "ms")


def _hour(moment: Any) -> str:
    return str(np.datetime64(moment, "h"))


def _key(answered: Answered, labels: Mapping[str, str], rest: list[str]) -> Digest:
    ids = answered.table.column(ID).to_pylist() if answered.table.num_rows else []
    return digest_of(encode([len(ids), digest_of("".join(ids).encode()), sorted(labels), rest]))


def _stored(
    session: Session,
    model: str,
    stage: str,
    deployed: Known,
    seen: Seen,
    standards: Mapping[str, Any],
    key: Digest,
) -> tuple[Digest, bool]:
    facts = session.repository.facts
    same = facts.where(MonitorReport, model=model, key=key)
    if same:
        return same[-1][0], False
    report = MonitorReport(
        created_at=session.now(),
        model=model,
        model_digest=Digest(deployed.digest),
        stage=stage,
        key=key,
        windows=seen.windows,
        alarm=bool(seen.alarms),
        thresholds={STANDARDS: dict(standards)},
    )
    return facts.add(report), True


def _calibration(spec: ModelSpec, watched: Watched) -> dict[str, Any]:
    residuals = watched.standard.residuals
    return {
        "budget": spec.monitor.false_alarms,
        "limits": residuals.limits,
        "rate": residuals.rate,
        "weeks": residuals.weeks,
        "why": residuals.why,
    }


def _why(answered: Answered, watched: Watched) -> tuple[str, ...]:
    found = []
    if answered.table.num_rows == 0:
        found.append("no predictions are logged yet")
    unknown = int(np.isnat(answered.time).sum()) if len(answered.time) else 0
    if unknown:
        found.append(f"{unknown} logged rows have no event time and are in no window")
    if not watched.standard.residuals.limits:
        found.append(watched.standard.residuals.why)
    if watched.standard.season == "unknown":
        found.append("season unknown: the reference spans less than a year, so drift may be the time of year")
    return tuple(found)
