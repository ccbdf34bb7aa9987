"""The start: answers the plain forms of what people and hooks call all day before Typer is imported."""

import _thread
import atexit
import gc
import os
import signal
import sys
import time
from importlib import import_module

from mlctl import __version__

_SOON = 0.01  # seconds
_YOUNG = 50_000  # objects more than before until circles are looked for: folders are lists of many small ones
_PRE_PUSH = ["hook", "run", "pre-push"]
_PUSH = (["push"], ["push", "--json"])
_HOOK_WORDS = 5  # with the name and the URL of git's remote

QUICK = (
    ["status"],
    ["status", "--json"],
    ["status", "--check"],
    ["status", "--check", "--json"],
    ["plan"],
    ["plan", "--json"],
    ["plan", "--check"],
    ["build"],
    ["build", "--json"],
)
"""Command lines that need no parser and whose answers are kept, with `_builds_for`.

Without an answer that is kept: `push`, `_of_data` and `_before_push`.
"""


def main() -> int:
    """The `mlctl` program; returns its exit code."""
    gc.set_threshold(_YOUNG)
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        sys.stdout.write(f"mlctl {__version__}\n")
        return 0
    sys.unraisablehook = _unraisable
    quick = arguments in QUICK or _builds_for(arguments)
    unkept = arguments in _PUSH or _before_push(arguments) or _of_data(arguments)
    try:
        kept: int | None = import_module("mlctl.store.kept_answers").give(arguments) if quick else None
        if kept is not None:
            return kept
        _import_msgspec()
        door = import_module("mlctl.cli.quick" if quick or unkept else "mlctl.cli.main")
        code: int = door.run(arguments)
    except KeyboardInterrupt:
        # outside the door's own watch: while modules are imported, or while the last bytes are written
        sys.stderr.write("error: interrupted\n")
        return 130
    return code


def _import_msgspec() -> None:
    """Import it without `typing_extensions`: it finds the same in `typing`, and is spared `inspect`.

    Ctrl-C waits for that: the compiled module crashes where its own initialisation is interrupted.
    """
    alone = "typing_extensions" not in sys.modules
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        if alone:
            sys.modules["typing_extensions"] = None  # type: ignore[assignment] # refuses to be imported
        import_module("msgspec")
    finally:
        if alone:
            del sys.modules["typing_extensions"]
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def program() -> None:
    """Run `main` and end the process with its exit code.

    Where pyarrow was loaded, its threads may still be on their way out while the interpreter is taken down,
    and abort a program that has done its work (seen a few times in thousands of runs on a busy machine). So
    what is registered for the end is done, and then the process ends at once.
    """
    code = main()
    if "pyarrow" not in sys.modules:
        sys.exit(code)
    atexit._run_exitfuncs()  # noqa: SLF001 - there is no public way to do what ending the interpreter does
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # the reader has gone, and was told so as far as it can be
            continue
    os._exit(code)


def _unraisable(args: "sys.UnraisableHookArgs") -> None:
    """Press Ctrl-C again where Python drops it because it came inside a finaliser or a callback."""
    if args.exc_type is KeyboardInterrupt:
        _thread.start_new_thread(_interrupt_soon, ())
    else:
        sys.__unraisablehook__(args)


def _interrupt_soon() -> None:
    time.sleep(_SOON)  # by then the callback is left
    os.kill(os.getpid(), signal.SIGINT)


def _before_push(arguments: list[str]) -> bool:
    """`hook run pre-push REMOTE URL`, as git's hook calls it."""
    return arguments[:3] == _PRE_PUSH and len(arguments) == _HOOK_WORDS and arguments[3][:1] != "-"


def _builds_for(arguments: list[str]) -> bool:
    """`build --to STAGE`, with or without `--json`."""
    stage = arguments[2:3]
    return (
        arguments[:2] == ["build", "--to"]
        and stage != []
        and not stage[0].startswith("-")
        and arguments[3:] in ([], ["--json"])
    )


def _of_data(arguments: list[str]) -> bool:
    """`data status`, `data add PATH…` and `data checkout [NAME]`: they look at too much for a kept answer."""
    words = arguments[2:]
    if arguments[:2] == ["data", "status"]:
        return words in ([], ["--check"], ["--json"], ["--check", "--json"])
    names = words[:-1] if words[-1:] == ["--json"] else words
    if any(name.startswith("-") for name in names):
        return False
    return arguments[:2] == ["data", "add"] or (arguments[:2] == ["data", "checkout"] and names[1:] == [])


if __name__ == "__main__":
    program()
