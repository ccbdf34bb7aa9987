"""What a run used and is not as it was: in the clean work tree, in the environment, among the packages."""

import hashlib
import os
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from mlctl.domain.ids import is_digest
from mlctl.domain.run import Run
from mlctl.domain.used import ABSENT, PRESENT, Module, Used, first_change
from mlctl.reproduction.clean_project import CleanProject
from mlctl.training.uses import digest_of_value
from mlctl.workspace.builds import COMPUTES, builds_of
from mlctl.workspace.environment import environment, variables_at_start
from mlctl.workspace.syntax import statements


def departures(clean: CleanProject, used: Used | None) -> tuple[str, ...]:
    """Code, files and variables that are not as the run used them, in words.

    Args:
        clean: the project in the clean work tree.
        used: of the run; None where none of the project's code ran.
    """
    return () if used is None else tuple(_departures(clean, used))


def _departures(clean: CleanProject, used: Used) -> Iterator[str]:
    for path, module in used.modules.items():
        yield from _module(_place(clean, path), path, module)
    for name, state in used.files.items():
        now = _state(_place(clean, name))
        if state == ABSENT and now != ABSENT:
            yield f"file: {name} is there now"
        elif state == PRESENT and now == ABSENT:
            yield f"file: {name} is gone"
        elif is_digest(state) and now != state:
            yield f"file: {name} {'is gone' if now == ABSENT else 'changed'}"
    values = {name: digest_of_value(os.environ.get(name)) for name in used.variables}
    values |= {name: digest_of_value(variables_at_start().get(name)) for name in used.settings}
    before = {**used.settings, **used.variables}
    yield from (f"environment: {name} changed" for name in sorted(before) if values[name] != before[name])


def _place(clean: CleanProject, name: str) -> Path:
    """Where it is in the clean work tree; other absolute paths are what they are."""
    path = Path(name)
    if path.is_absolute() and path.is_relative_to(clean.top):
        return clean.pristine / path.relative_to(clean.top)
    return clean.pristine / clean.project / path


def _module(place: Path, path: str, module: Module) -> Iterator[str]:
    try:
        source = place.read_bytes()
    except OSError:
        yield f"code: {path} is gone"
        return
    if hashlib.sha256(source).hexdigest() != module.sha256:
        now = statements(source)
        if tuple(digest for digest, _ in now) != module.statements:
            yield f"code: {path}:{first_change(module.statements, now)} changed"


def _state(path: Path) -> str:
    if not path.exists():
        return ABSENT
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else PRESENT


def packages_changed(
    run: Run, used: Used | None, kernels: Mapping[str, str] | None = None
) -> tuple[tuple[str, ...], bool]:
    """Versions and builds that differ, those that computed first; whether any of them did.

    `kernels` are those of a fit, where there was one.
    """
    now, before = environment(), run.environment
    names = COMPUTES | (set(used.packages) if used else set())
    counted = [f"python {before.python} -> {now.python}"] if before.python != now.python else []
    counted += _differing(before.packages, now.packages, names)
    builds = run.notes.get("builds", {})
    for name, build in builds_of(builds, sys.path).items():
        if build != builds[name] and before.packages.get(name) == now.packages.get(name):
            counted.append(f"{name} {now.packages.get(name)}: another build")
    recorded = run.notes.get("kernels", {})
    if kernels is not None:
        counted += _differing(recorded, kernels, set(recorded) & set(kernels))
    others = set(before.packages) | set(now.packages)
    return (*counted, *_differing(before.packages, now.packages, others - names)), bool(counted)


def _differing(before: Mapping[str, str], now: Mapping[str, str], names: Collection[str]) -> Iterator[str]:
    for name in sorted(names):
        old, new = before.get(name), now.get(name)
        if old != new:
            yield f"{name} {old or 'not installed'} -> {new or 'not installed'}"
