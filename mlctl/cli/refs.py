"""What git writes on a hook's stdin; from the program pre-commit, which says it in its own way, the same."""

import os
import sys
from collections.abc import Mapping

_ZERO = "0" * 40


def refs_on_stdin() -> str:
    """All of it; nothing where somebody sits at the other end."""
    typed = "" if sys.stdin.isatty() else sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    return typed or refs_of_pre_commit(os.environ)


def refs_of_pre_commit(environment: Mapping[str, str]) -> str:
    """The line that git would have written for the push of which pre-commit tells in the environment."""
    new = environment.get("PRE_COMMIT_TO_REF")
    if not new or "PRE_COMMIT_REMOTE_NAME" not in environment:
        return ""
    old = environment.get("PRE_COMMIT_FROM_REF") or _ZERO
    here = environment.get("PRE_COMMIT_LOCAL_BRANCH") or "HEAD"
    there = environment.get("PRE_COMMIT_REMOTE_BRANCH") or here
    return f"{here} {new} {there} {old}\n"
