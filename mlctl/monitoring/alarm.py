"""Which alarms stand, and since when."""

from collections.abc import Sequence

import msgspec

from mlctl.domain.monitoring import Alarm, WindowReport

WITH_LABELS = "performance"


def with_since(windows: Sequence[WindowReport]) -> tuple[WindowReport, ...]:
    """The same windows, each alarm with the start of the unbroken run of judged windows that have it.

    A window that could not be judged (a note says why) neither breaks nor continues a run.
    """
    running: dict[tuple[str, str | None, str], str] = {}
    found = []
    for window in windows:
        alarms = [
            msgspec.structs.replace(alarm, since=running.get(_key(alarm), window.start))
            for alarm in window.alarms
        ]
        kept = {_key(alarm): alarm.since or window.start for alarm in alarms}
        running = {**running, **kept} if window.note else kept
        found.append(msgspec.structs.replace(window, alarms=tuple(alarms)))
    return tuple(found)


def standing(newest_complete: WindowReport | None, newest_due: WindowReport | None) -> tuple[Alarm, ...]:
    """The alarms that stand now.

    Args:
        newest_complete: judges everything that needs no labels.
        newest_due: the newest window whose labels had their time; judges performance.
    """
    found = []
    if newest_complete is not None:
        found += [alarm for alarm in newest_complete.alarms if alarm.type != WITH_LABELS]
    if newest_due is not None:
        found += [alarm for alarm in newest_due.alarms if alarm.type == WITH_LABELS]
    return tuple(found)


def _key(alarm: Alarm) -> tuple[str, str | None, str]:
    return alarm.type, alarm.column, alarm.method
