"""`monitor`: look at what a model answered, window by window, beside the truth where it has come.

The answers and labels on this machine are cut into windows of event time; each is judged by the model that
answered most of it; what was seen is stored as a report. While an alarm stands in the newest complete window
the answer is no (`AlarmRaised`).
"""

from mlctl.deployment.view import take_look
from mlctl.domain.errors import AlarmRaised
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.monitor import MonitorRequest, MonitorResult
from mlctl.project.session import Session


def monitor(session: Session, request: MonitorRequest) -> Outcome[MonitorResult]:
    """Look once, store the report.

    Raises:
        AlarmRaised: an alarm stands; with the full result.
        NotFound: no such model, or nothing in its stage.
        UsageError: a window or a moment that cannot be read.
    """
    name, _, stage = (request.model or "").partition("@")
    model = session.model_name(name or None)
    view = take_look(session, model, stage or "production", request)
    result = view.result
    label = f"{model}@{result.version}" if result.version is not None else model
    if view.seen.alarms:
        told = "; ".join(
            f"{alarm.type} alarm since {(alarm.since or '')[:10]}: {alarm.why}" for alarm in view.seen.alarms
        )
        hints = ("mlctl loop --once",) if session.model_spec(model).retrain else ("mlctl log",)
        raise AlarmRaised(f"{label}: {told}", *hints, data=result, model=model, version=result.version)
    following = () if result.windows else (f"mlctl serve {model}@{result.stage}",)
    return Outcome(data=result, warnings=result.why, next=following)
