"""What keeps a stage or a version where it is: frozen stages and retired versions."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta

import msgspec

from mlctl.domain.decision import Change
from mlctl.domain.errors import NameMoved
from mlctl.domain.gate import Reason
from mlctl.domain.names import Names
from mlctl.domain.refs import frozen, model_version, retired
from mlctl.domain.sharing import spoken
from mlctl.project.session import Session

FROZEN, RETIRED = "frozen", "retired"
"""Gates of these names stand in no spec."""

UNTIL_UNFROZEN = "unfrozen"
"""Until when, where no time was said."""


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """A freeze or a retirement that stands.

    Attributes:
        name: the stage, or the version's number as text.
        by: who decided it.
        until: of a freeze that ends by itself; None: it stands until it is taken back.
        decision: its number.
    """

    name: str
    by: str
    since: str
    reason: str | None
    decision: int
    until: str | None = None

    @property
    def told(self) -> str:
        """`by Ada since 2030-01-01T12:00:00.000Z, until 2030-02-01T00:00:00.000Z: “holidays”`."""
        until = f", until {self.until}" if self.until else ""
        reason = f": “{self.reason}”" if self.reason else ""
        return f"by {self.by} since {self.since}{until}{reason} (decision {spoken(self.decision)})"


def freeze_of(session: Session, names: Names, model: str, stage: str) -> Stop | None:
    """The freeze of a stage that stands now, or None."""
    name = frozen(model, stage)
    value = names.value(name)
    if value is None:
        return None
    until = None if value == UNTIL_UNFROZEN else value
    with suppress(ValueError):  # what is no time never ends
        if until is not None and session.has_passed(timedelta(0), datetime.fromisoformat(until)):
            return None
    return _stop(session, names, name, stage, until)


def freezes_of(session: Session, names: Names, model: str) -> tuple[Stop, ...]:
    """Every stage of a model that is frozen now."""
    stages = [name.rpartition("/")[2] for name in names.under(f"frozen/{model}/")]
    found = (freeze_of(session, names, model, stage) for stage in stages)
    return tuple(one for one in found if one is not None)


def retirement_of(session: Session, names: Names, model: str, number: int) -> Stop | None:
    """The retirement of a version, or None."""
    tested = names.value(model_version(model, number))
    name = retired(model, tested) if tested is not None else ""
    return _stop(session, names, name, str(number), None) if names.value(name) is not None else None


def frozen_reason(stop: Stop) -> Reason:
    """Why a stage that is frozen does not move."""
    why = f"{stop.name} is frozen {stop.told}"
    return Reason(gate=FROZEN, slice=None, value=None, limit=None, why=why)


def retired_reason(stop: Stop) -> Reason:
    """Why a version that is retired goes nowhere."""
    why = f"version {stop.name} is retired {stop.told}"
    return Reason(gate=RETIRED, slice=None, value=None, limit=None, why=why)


def stopped(session: Session, names: Names, changes: Iterable[Change]) -> Reason | None:
    """Why these changes may not be made: a stage among them is frozen, or would hold a retired version."""
    for change in changes:
        kind, model, *rest = change.name.split("/")
        if kind != "stages":
            continue
        freeze = freeze_of(session, names, model, rest[0])
        if freeze is not None:
            return frozen_reason(freeze)
        number = names.number_of(f"models/{model}", change.new) if change.new is not None else None
        stop = retirement_of(session, names, model, number) if number is not None else None
        if stop is not None:
            return retired_reason(stop)
    return None


def refuse_stopped(session: Session, names: Names, changes: Iterable[Change]) -> None:
    """Raise NameMoved where a frozen stage would move, or a stage would hold a retired version."""
    found = stopped(session, names, changes)
    if found is not None:
        raise NameMoved(found.why, "mlctl log", reasons=[msgspec.to_builtins(found)])


def withheld_stage(names: Names, changes: Iterable[Change]) -> str | None:
    """The stage that holds a version which these changes retire, or None."""
    for change in changes:
        kind, model, *rest = change.name.split("/")
        if kind == RETIRED and change.new is not None:
            number = names.number_of(f"models/{model}", rest[0])
            for name, value in names.under(f"stages/{model}/").items():
                if number is not None and names.number_of(f"models/{model}", value) == number:
                    return name.rpartition("/")[2]
    return None


def _stop(session: Session, names: Names, name: str, told: str, until: str | None) -> Stop:
    number = names.last_effect(name)
    assert number is not None  # noqa: S101 - the name means something
    entry = session.repository.decisions.get(number).entry
    return Stop(
        name=told,
        by=entry.actor.name or entry.actor.email or entry.actor.user,
        since=entry.committed_at,
        reason=entry.reason,
        decision=number,
        until=until,
    )
