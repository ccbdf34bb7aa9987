"""What git writes on a hook's stdin."""

import sys


def refs_on_stdin() -> str:
    """All of it; nothing where somebody sits at the other end."""
    return "" if sys.stdin.isatty() else sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
