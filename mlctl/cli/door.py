"""The one door between the terminal and the verbs: requests go in, results and errors come out.

`carry_out` runs a verb and shows its result. `answer` turns whatever was raised into text or JSON and an exit
code: expected failures (their own code), the answer no (40-44, with the full data), an interrupt (130), a
broken pipe (141), a full or read-only disk (93, 94) and bugs (1, with a report on disk).
"""

import contextlib
import errno
import io
import os
import shlex
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from mlctl.cli import table
from mlctl.cli.progress import Progress
from mlctl.cli.settings import Settings, current
from mlctl.domain.credentials import strip
from mlctl.domain.errors import AnswerIsNo, DiskFull, MlctlError, PermissionRefused
from mlctl.domain.outcome import Outcome
from mlctl.domain.progress import Event, Report, silent

ERROR_SCHEMA = "mlctl.error/1"
INTERRUPTED = 130
BROKEN_PIPE = 141
BUG = 1

_CRASH = "mlctl.cli.crash"  # imported when there is one

_RED, _PLAIN = "\x1b[1;31m", "\x1b[0m"
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}


class Failure(msgspec.Struct, kw_only=True):
    """An error as people and programs are told of it."""

    id: str
    exit: int
    message: str
    facts: dict[str, Any] = msgspec.field(default_factory=dict)
    hints: tuple[str, ...] = ()


class Plain(msgspec.Struct, frozen=True):
    """Stdout for render modules that need no rich console."""

    file: Any


def carry_out(
    stem: str, request: Any, *, json: bool = False, session: bool = True, lines: bool = False
) -> Outcome[Any]:
    """Run the verb of a command and show its result; the result.

    Args:
        stem: names the verb and the render module.
        request: what the verb is handed.
        json: print one document instead of text.
        session: open the repository of the current folder; otherwise the verb is called as
            `verb(request, report=..., command=...)`.
        lines: for long-running commands: with `json`, events and the result are one object a line.

    Raises:
        MlctlError: what the verb raised. Where the answer is no, its data has been shown as text already.
    """
    settings = current()
    settings.json = settings.json or json
    progress = _reporter(settings)
    report: Report = _line_of_event if lines and settings.json else progress or silent
    outcome: Outcome[Any]
    try:
        verb = table.load(table.verb_target(stem))
        if session:
            opened = table.load(table.SESSION).open(Path.cwd(), command=command_line(settings), report=report)
            outcome = verb(opened, request)
            outcome = msgspec.structs.replace(outcome, warnings=(*outcome.warnings, *opened.warnings))
        else:
            outcome = verb(request, report=report, command=command_line(settings))
    except AnswerIsNo as no:
        _clear(progress)
        if not settings.json:
            _render(stem, _bare(no.data))
        raise
    finally:
        _clear(progress)
    show(stem, outcome, compact=lines)
    if getattr(request, "dry_run", False) and not settings.json and _talks(settings):
        sys.stderr.write("--dry-run: nothing was changed\n")
    return outcome


def show(stem: str, outcome: Outcome[Any], *, compact: bool = False) -> None:
    """Print a verb's result, as JSON or as text with warnings and advice on stderr."""
    settings = current()
    if settings.json:
        _print_json(_document(stem, outcome), compact=compact)
        return
    _render(stem, outcome.data)
    sys.stdout.flush()
    if _talks(settings):
        sys.stderr.write(talk(outcome))


def printed(stem: str, outcome: Outcome[Any]) -> bytes:
    """What `show` prints on a stdout that is no terminal, for the commands of `table.PLAIN`."""
    if current().json:
        return msgspec.json.encode(_document(stem, outcome), enc_hook=str) + b"\n"
    text = io.StringIO()
    table.load(table.render_target(stem))(outcome.data, Plain(text))
    return text.getvalue().encode(sys.stdout.encoding, sys.stdout.errors or "strict")


def talk(outcome: Outcome[Any]) -> str:
    """Warnings and advice, as they are shown where stderr is a terminal."""
    return "".join(
        [f"warning: {warning}\n" for warning in outcome.warnings]
        + [f"next: {command}\n" for command in outcome.next]
    )


def answer(act: Callable[[], None]) -> int:
    """Run the act, tell what it raised, and return the exit code of the process."""
    try:
        return _attempt(act)
    except BrokenPipeError:
        # the reader has gone: nobody is left to tell, and the interpreter must not try to flush at its end
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE


def command_line(settings: Settings) -> str:
    """The command as typed, without credentials."""
    return strip(shlex.join((settings.program, *settings.arguments)))


def failure_of(error: MlctlError) -> Failure:
    """An expected error as it is told."""
    return Failure(
        id=error.id, exit=error.exit_code, message=error.message, facts=error.facts, hints=tuple(error.hints)
    )


def _attempt(act: Callable[[], None]) -> int:
    try:
        act()
        sys.stdout.flush()
    except KeyboardInterrupt as error:
        return _interrupted(error)
    except MlctlError as error:
        return _interrupted(error) if _came_of_interrupt(error) else _tell(failure_of(error), error)
    except BrokenPipeError:
        raise
    except OSError as error:
        known = _of_the_machine(error)
        return _tell(failure_of(known), error) if known else _bug(error)
    except Exception as error:  # noqa: BLE001 - the door: whatever nobody expected is a bug, told in one line
        return _interrupted(error) if _came_of_interrupt(error) else _bug(error)
    return 0


def _interrupted(error: BaseException) -> int:
    sys.unraisablehook = _unheard
    return _tell(Failure(id="interrupted", exit=INTERRUPTED, message="interrupted"), error)


def _came_of_interrupt(error: BaseException) -> bool:
    """Whether a Ctrl-C is at the bottom of it: a C library being loaded makes an ImportError of one."""
    below: BaseException | None = error
    seen: set[int] = set()  # causes may go in a circle, and an error be its own
    while below is not None and not isinstance(below, KeyboardInterrupt):
        if id(below) in seen:
            return False
        seen.add(id(below))
        below = below.__cause__ or below.__context__
    return below is not None


def _unheard(_: Any) -> None:
    """What half-made objects of libraries complain of when they go: nobody asked them to be finished."""


def _of_the_machine(error: OSError) -> MlctlError | None:
    where = f": {error.filename}" if error.filename else ""
    facts = {"path": os.fsdecode(error.filename)} if error.filename else {}
    if error.errno in _DISK_FULL:
        return DiskFull(f"the disk is full{where}; nothing half-done was kept", **facts)
    if error.errno in _REFUSED:
        why = "is read-only" if error.errno == errno.EROFS else "refuses access"
        return PermissionRefused(f"the file system {why}{where}", **facts)
    return None


def _bug(error: Exception) -> int:
    settings = current()
    path = import_module(_CRASH).report(error, command_line(settings))
    summary = strip(f"{type(error).__name__}: {error}".split("\n", maxsplit=1)[0])
    kept = f"; the report is in {path}" if path else ""
    failure = Failure(
        id="bug",
        exit=BUG,
        message=f"mlctl failed where it should not have: {summary}{kept}",
        facts={"type": type(error).__name__, "report": str(path) if path else None},
        hints=(
            strip(
                shlex.join((settings.program, *(() if settings.debug else ("--debug",)), *settings.arguments))
            ),
        ),
    )
    return _tell(failure, error)


def _tell(failure: Failure, error: BaseException) -> int:
    settings = current()
    if settings.debug:
        import_module(_CRASH).show(error)
    if settings.wants_json:
        document: dict[str, Any] = {"ok": False, "schema": ERROR_SCHEMA, "error": failure}
        if isinstance(error, AnswerIsNo):
            document["data"] = _bare(error.data)
        _print_json(document)
    else:
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.flush()
        sys.stderr.write(_headline(failure, settings))
        for hint in failure.hints:
            sys.stderr.write(f"  try: {hint}\n")
    return failure.exit


def _headline(failure: Failure, settings: Settings) -> str:
    people = sys.stderr.isatty()
    if failure.exit == INTERRUPTED:
        return f"{chr(10) if people else ''}interrupted\n"  # the terminal has just shown ^C
    tag = f"{_RED}error:{_PLAIN}" if people and settings.colour else "error:"
    return f"{tag} {failure.message}\n"


def _render(stem: str, data: Any) -> None:
    out = Plain(sys.stdout) if stem in table.PLAIN else table.load(table.CONSOLE)()
    table.load(table.render_target(stem))(data, out)


def _document(stem: str, outcome: Outcome[Any]) -> dict[str, Any]:
    return {
        "ok": True,
        "schema": table.schema_of(stem),
        "data": outcome.data,
        "warnings": outcome.warnings,
        "next": outcome.next,
    }


def _print_json(document: Any, *, compact: bool = False) -> None:
    data = msgspec.json.encode(document, enc_hook=str)
    if sys.stdout.isatty() and not compact:
        data = msgspec.json.format(data, indent=2)
    sys.stdout.flush()
    sys.stdout.buffer.write(data + b"\n")
    sys.stdout.flush()


def _line_of_event(event: Event) -> None:
    _print_json({"event": event}, compact=True)


def _reporter(settings: Settings) -> Progress | None:
    return None if settings.quiet else Progress(live=sys.stderr.isatty())


def _talks(settings: Settings) -> bool:
    return not settings.quiet and (settings.verbose or sys.stderr.isatty())


def _clear(progress: Progress | None) -> None:
    if progress is not None:
        progress.clear()


def _bare(data: Any) -> Any:
    return data.data if isinstance(data, Outcome) else data
