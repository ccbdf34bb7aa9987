"""What stands at a place, or why that cannot be said: one folder that cannot be read hides no other."""

import os
import shlex

import msgspec

from mlctl.datasets.intake import look
from mlctl.datasets.parts import pointer_of
from mlctl.domain.errors import InvalidName, NotFound, PermissionRefused, UsageError
from mlctl.domain.looks import clock_read
from mlctl.project.places import Place
from mlctl.project.session import Session
from mlctl.workspace.snapshot import Snapshot


class Unreadable(msgspec.Struct, frozen=True, kw_only=True):
    """Data that nobody can compare: a symbolic link or a name with a line break in it, no permission.

    Attributes:
        why: the message of what `data add` would be refused with.
        next: the command that shows what stands in the way, or brings back what is not there.
    """

    why: str
    next: str


def look_or_say(session: Session, place: Place) -> Snapshot | Unreadable:
    """As `intake.look`; a refusal is an answer here, and told of this place alone."""
    try:
        return look(session, place)
    except NotFound as error:  # a folder without files, or one that goes away meanwhile
        restore = pointer_of(session, place) is not None
        shown = f"mlctl data checkout {place.name}" if restore else _listing(session, place, error.facts)
        refused: Unreadable = Unreadable(why=error.message, next=shown)
    except (UsageError, InvalidName, PermissionRefused) as error:
        refused = Unreadable(why=error.message, next=_listing(session, place, error.facts))
    clock_read()  # what it rests on is not known to the end: such an answer is not kept
    return refused


def _listing(session: Session, place: Place, facts: dict[str, str]) -> str:
    """What lists the file in the way, or its folder where its name is no name for a terminal."""
    path = os.path.relpath(session.root / facts.get("path", place.path), session.root)
    folder = os.path.dirname(path) or place.path  # noqa: PTH120 - of a relative text
    inside = path.startswith(f"{place.path}/") or path == place.path
    shown = path if path.isprintable() else folder
    return f"ls -lb {shlex.quote(shown if inside and shown.isprintable() else place.path)}"
