"""The start: answers the plain forms of what people and hooks call all day before Typer is imported."""

import sys
from importlib import import_module

from mlctl import __version__

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
"""Command lines that need no parser."""


def main() -> int:
    """The `mlctl` program; returns its exit code."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        sys.stdout.write(f"mlctl {__version__}\n")
        return 0
    try:
        door = import_module("mlctl.cli.quick" if arguments in QUICK else "mlctl.cli.main")
        code: int = door.run(arguments)
    except KeyboardInterrupt:
        # outside the door's own watch: while modules are imported, or while the last bytes are written
        sys.stderr.write("error: interrupted\n")
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
