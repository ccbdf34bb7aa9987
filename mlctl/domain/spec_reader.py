"""Reads `mlctl.toml`: all problems at once, each with its line and, for a slip, the nearest name."""

import re
import tomllib
from typing import Any

import msgspec

from mlctl.domain.errors import SpecInvalid
from mlctl.domain.spec import Spec
from mlctl.domain.spec_checks import problems_of
from mlctl.domain.spec_shape import Problem, shaped
from mlctl.domain.toml_lines import Path, lines_of

VERSION = 1
"""Of the spec's form; a file says it as `spec = 1`."""

_HINT = "mlctl spec explain --help"  # without --help it would need a spec that is valid
_WHERE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)")


def read_spec(text: str, filename: str) -> Spec:
    """The spec that the text holds.

    Raises:
        SpecInvalid: with every problem in it; `facts["problems"]` is a list of {line, key, message, nearest}.
    """
    raw = _parsed(text, filename)
    version = raw.get("spec")
    if isinstance(version, int) and not isinstance(version, bool) and version != VERSION:
        problem = Problem(
            path=("spec",),
            message=f"spec = {version} is a form that this mlctl does not know; it reads spec = {VERSION}",
        )
        raise _invalid([problem], text, filename)
    spec, problems = shaped({"spec": VERSION, **raw}, Spec)
    if version is None:
        problems.append(
            Problem(path=("spec",), message=f"the version is missing: begin the file with spec = {VERSION}")
        )
    problems += [found for found in problems_of(spec) if not _follows(found, problems)]
    if problems:
        raise _invalid(problems, text, filename)
    result: Spec = spec
    return result


def _parsed(text: str, filename: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        where = _WHERE.search(message)
        last = text.count("\n") + 1
        line = int(where[1]) if where and where[1] else last
        column = int(where[2]) if where and where[2] else len(text.rsplit("\n", 1)[-1]) + 1
        reason = _WHERE.sub("", message)
        raise SpecInvalid(
            f"{filename}, line {line}, column {column}: not TOML: {reason}",
            _HINT,
            problems=[{"line": line, "key": "", "message": reason, "nearest": None, "column": column}],
        ) from error


def _follows(found: Problem, broken: list[Problem]) -> bool:
    """Whether a problem of sense only follows from one of form: at its key, or at the key mistyped."""
    for other in broken:
        meant = (*other.path[:-1], other.nearest)
        if found.path[: len(other.path)] == other.path or meant == found.path or found.rests_on == other.path:
            return True
    return False


def _invalid(problems: list[Problem], text: str, filename: str) -> SpecInvalid:
    lines = lines_of(text)
    placed = [msgspec.structs.replace(problem, line=_line(problem.path, lines)) for problem in problems]
    placed.sort(key=lambda problem: problem.line or 0)
    count = "1 problem" if len(placed) == 1 else f"{len(placed)} problems"
    return SpecInvalid(
        "\n".join([f"{filename} has {count}:", *(_said(problem) for problem in placed)]),
        _HINT,
        problems=[
            {"line": problem.line, "key": problem.key, "message": problem.message, "nearest": problem.nearest}
            for problem in placed
        ],
    )


def _said(problem: Problem) -> str:
    guess = f"; did you mean {problem.nearest!r}?" if problem.nearest else ""
    where = f"line {problem.line}: " if problem.line else ""
    first, *rest = problem.message.split("\n")
    return "\n".join([f"  {where}{first}{guess}", *(f"    {line}" for line in rest)])


def _line(path: Path, lines: dict[Path, int]) -> int | None:
    """The line of the key, or of the nearest table around it that stands in the text."""
    for size in range(len(path), 0, -1):
        if path[:size] in lines:
            return lines[path[:size]]
    return 1 if path == ("spec",) else None
