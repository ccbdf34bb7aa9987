"""What a run really used, traced while it ran: with an equal recipe and equal uses, the result is equal."""

import msgspec

from mlctl.domain.records import Record

ABSENT = "absent"
"""In `Used.files`: the run looked for it and did not find it."""

PRESENT = "present"
"""In `Used.files`: the run looked whether it is there and never read it."""

FOLDER = "folder "
"""In `Used.files`: begins the digest of the names that a listed folder held."""

PROJECT = "project "
"""In `Used.files`, of ".": begins the digest of the names of all files of the project."""

DATA = "data "
"""In `Used.files`: begins the md5 of a dataset's place, which counts whole."""


class Module(Record, frozen=True, kw_only=True):
    """A module of the project.

    Attributes:
        sha256: of its bytes; where it is the same, nothing has to be parsed.
        statements: a digest of each, normalised, in order (`workspace.syntax`).
    """

    sha256: str
    statements: tuple[str, ...]


class Used(Record, frozen=True, kw_only=True):
    """Inputs of a run that no spec names.

    Attributes:
        modules: of the project, by path.
        files: by path (relative to the project, or absolute): sha256, or as above.
        variables: of the environment, that the user's code read, by name: digest of the value, "" where none
            was set.
        settings: the same, that libraries read; they set their own defaults, so it is the value at the start.
        everything: where all variables that a program was given count, a digest of their names; "" elsewhere.
        packages: installed ones that were imported, with their versions.
        outside: top-level names that the project's modules import from elsewhere; a file of the project with
            such a name would take their place.
        missing: those of them that were not installed.
        blind: why something may have been read that no trace sees; all files of the project then count.
        live: why nothing that is traced could tell a change (the network was asked); never reused.
    """

    modules: dict[str, Module] = msgspec.field(default_factory=dict)
    files: dict[str, str] = msgspec.field(default_factory=dict)
    variables: dict[str, str] = msgspec.field(default_factory=dict)
    settings: dict[str, str] = msgspec.field(default_factory=dict)
    everything: str = ""
    packages: dict[str, str] = msgspec.field(default_factory=dict)
    outside: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    blind: tuple[str, ...] = ()
    live: tuple[str, ...] = ()


def first_change(before: tuple[str, ...], now: tuple[tuple[str, int], ...]) -> int:
    """The line of the first statement that differs.

    Args:
        before: digests of statements.
        now: digests and lines of those that stand there now.

    Returns:
        Its line; the last line where statements at the end are gone.
    """
    for old, (new, line) in zip(before, now, strict=False):
        if old != new:
            return line
    if len(now) > len(before):
        return now[len(before)][1]
    return now[-1][1] if now else 1
