"""Whether a model takes every request that another one takes, by what the two say they accept.

Pure. A category that only the other one knows is no fault: every encoding answers what it has not learnt.
"""

from collections.abc import Iterator

from mlctl.domain.model import Input, Signature

_TAKES = {"number": {"integer"}, "datetime": {"date"}}
"""Which other types a type takes, as `serving.protocol` reads requests."""


def refused(old: Signature, new: Signature, *, strict: bool) -> Iterator[tuple[str, str]]:
    """Columns for which a request that the old model takes is refused by the new one, each with why.

    Args:
        old: what was served.
        new: what is to be served.
        strict: a name that the new one does not know is refused.
    """
    known = {wanted.name: wanted for wanted in new.inputs}
    given = {wanted.name: wanted for wanted in old.inputs}
    for name, before in given.items():
        now = known.get(name)
        if now is None:
            if strict:
                yield name, "it is no column of the new model, which refuses names that it does not know"
        elif before.type != now.type and before.type not in _TAKES.get(now.type, ()):
            yield name, f"it was {before.type} and has to be {now.type} now"
        elif _may_lack(before) and not _may_lack(now):
            yield name, "it could be left out or null, and cannot any more"
    for name, now in known.items():
        if name not in given and not _may_lack(now):
            yield name, "it was never asked for, and has to be there now"
    if old.task != new.task:
        yield new.target, f"the answer was that of a {old.task}, and is that of a {new.task} now"


def forgotten(old: Signature, new: Signature) -> dict[str, int]:
    """How many categories of a column the old model knew and the new one does not; columns with any."""
    known = {wanted.name: set(wanted.categories) for wanted in new.inputs if wanted.categories}
    found = {
        wanted.name: len(set(wanted.categories) - known[wanted.name])
        for wanted in old.inputs
        if wanted.name in known
    }
    return {name: count for name, count in found.items() if count}


def _may_lack(wanted: Input) -> bool:
    return wanted.nullable or wanted.role == "context"
