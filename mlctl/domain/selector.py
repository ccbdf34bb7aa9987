"""Selectors: how people name a version, a run or a prediction (`@{TIME}` after any: what it meant then).

demand@7  demand@production  demand@latest  demand@production~1      a model version
rides@3  rides@latest                                               a dataset version
production  demand                                                  a stage, a model, a dataset
run:01JD8...  prediction:<id>  decision:12  model:NAME  dataset:NAME
"""

import re
from datetime import UTC, datetime

import msgspec

from mlctl.domain.errors import InvalidName
from mlctl.domain.stacks import is_number

KINDS = ("run", "prediction", "decision", "model", "dataset")
LATEST = "latest"

_MOMENT = re.compile(r"(?P<rest>.*)@\{(?P<moment>[^{}]*)\}\Z", re.DOTALL)
_BACK = re.compile(r"(?P<rest>.*)~(?P<steps>[0-9]*)\Z", re.DOTALL)


class Selector(msgspec.Struct, frozen=True, kw_only=True):
    """What a selector says, before anything is looked up.

    Attributes:
        text: as typed.
        kind: "run", "prediction", "decision", "model", "dataset" where it says so; else None.
        name: of a model, dataset, stage; an id or prefix for runs and predictions.
        number: of a version.
        stage: after "@"; None where there is none.
        latest: "@latest" was said.
        back: how many different meanings ago ("~1").
        moment: RFC 3339 UTC with milliseconds, or None for now.
    """

    text: str
    kind: str | None
    name: str
    number: int | None = None
    stage: str | None = None
    latest: bool = False
    back: int = 0
    moment: str | None = None


def parse(text: str) -> Selector:
    """Read a selector.

    Raises:
        InvalidName: it is empty, its moment is no time, or "~" stands where nothing has a past.
    """
    rest, moment = text.strip(), None
    if found := _MOMENT.match(rest):
        rest, moment = found["rest"], instant(found["moment"])
    kind, separator, tail = rest.partition(":")
    if separator and kind in KINDS:
        rest = tail
    elif separator:
        raise InvalidName(
            f"{text!r}: {kind!r} is none of {', '.join(KINDS)}",
            "mlctl show --help",
            selector=text,
            kinds=list(KINDS),
        )
    else:
        kind = ""
    back = 0
    if found := _BACK.match(rest):
        rest, back = found["rest"], int(found["steps"] or 1)
    name, at, version = rest.partition("@")
    if not name or (at and not version):
        raise InvalidName(f"{text!r} names nothing", "mlctl show --help", selector=text)
    number = int(version) if is_number(version) else None
    if number is not None and back:
        example = f"{name}@production~{back}"
        raise InvalidName(
            f"{text!r}: a version number has no past; '~{back}' goes after a stage, as in {example}",
            f"mlctl show {name}@{number}",
            selector=text,
        )
    return Selector(
        text=text,
        kind=kind or None,
        name=name,
        number=number,
        stage=version if version and number is None and version != LATEST else None,
        latest=version == LATEST,
        back=back,
        moment=moment,
    )


def instant(text: str) -> str:
    """A moment as the log writes it: RFC 3339 UTC with milliseconds. A time without a zone is UTC.

    A moment that is less exact than a millisecond means its last one: a date is the whole day, so that
    `@{2026-11-01}` includes what was decided on that day.

    Raises:
        InvalidName: it is no time.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidName(
            f"{text!r} is no time; write 2026-11-01 or 2026-11-01T12:00Z", "mlctl log", moment=text
        ) from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    clock = text.strip()[10:]
    if not clock:
        moment = moment.replace(hour=23, minute=59, second=59, microsecond=999_000)
    elif "." not in clock and "," not in clock:
        seconds = clock.count(":") - (1 if re.search(r"[+-][0-9]{2}:[0-9]{2}\Z", clock) else 0)
        moment = moment.replace(microsecond=999_000, second=moment.second if seconds > 1 else 59)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
