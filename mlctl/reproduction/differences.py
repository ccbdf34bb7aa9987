"""What two runs differ in, as they recorded it.

Data versions, spec, seed, and what their code really used (`uses`). Of an estimator of scikit-learn, which
runs none of the project's code, the commit is all there is.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from mlctl.domain.errors import MlctlError, UsageError
from mlctl.domain.requests.diff import Change, Compared, Kind
from mlctl.domain.run import Run
from mlctl.domain.used import Module, Used
from mlctl.project.resolve import DatasetFound, ModelFound, RunFound, resolve, resolve_run
from mlctl.project.session import Session
from mlctl.training.recipe import FIT

DECISION = ("threshold", "costs")
"""Keys of `eval` that say what a fitted model answers."""
_OWN = ("params", "seed")  # keys of the spec that are told by kinds of their own


def run_named(session: Session, text: str) -> tuple[Compared, Run]:
    """A run and what it is called.

    Raises:
        UsageError: it is neither run nor model version.
    """
    found = resolve(session, text)
    if isinstance(found, ModelFound):
        run = resolve_run(session, found.version.run).run
        label, number = f"{found.model}@{found.number}", found.number
    elif isinstance(found, RunFound):
        run, label, number = found.run, f"run:{found.run.run}", None
    elif isinstance(found, DatasetFound):
        raise UsageError(f"{text} is a dataset", f"mlctl data diff {found.name}")
    else:
        raise UsageError(f"{text} is neither a run nor a model version", "mlctl runs", "mlctl models")
    side = Compared(label=label, run=run.run, model=run.model, version=number, created_at=run.created_at)
    return side, run


def changes_between(session: Session, old: Run, new: Run) -> Iterator[Change]:
    """All that differs, inputs first; nothing that is equal."""
    yield from _data(session, old, new)
    yield from _differences("rows", _rows(old), _rows(new))
    yield from _differences("spec", _spec(session, old), _spec(session, new))
    yield from _differences("parameter", old.parameters, new.parameters)
    yield from _differences("seed", {"seed": old.seed}, {"seed": new.seed})
    yield from _code(session, old, new)
    machines = [
        {"python": run.environment.python, "platform": run.environment.platform, "cpus": run.environment.cpus}
        for run in (old, new)
    ]
    yield from _differences("package", old.environment.packages, new.environment.packages)
    yield from _differences("machine", machines[0], machines[1])
    kernels = [run.notes.get("kernels", {}) for run in (old, new)]
    if all(kernels):  # runs of 0.1.0 have none
        yield from _differences("machine", kernels[0], kernels[1])


def _differences(kind: Kind, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            yield Change(kind=kind, name=name, old=old.get(name), new=new.get(name))


def _data(session: Session, old: Run, new: Run) -> Iterator[Change]:
    names = session.repository.decisions.names()

    def uses(run: Run) -> dict[str, str]:
        found = {}
        for use in run.data:
            number = names.number_of(f"datasets/{use.name}", use.digest)
            label = f"{use.name}@{number}" if number is not None else f"{use.name}@{use.digest[:12]}"
            found[f"{use.name} ({use.role})"] = label
        return found

    yield from _differences("data", uses(old), uses(new))


def _rows(run: Run) -> dict[str, Any]:
    return {str(name): count for name, count in dict(run.notes.get("rows", {})).items()}


def _spec(session: Session, run: Run) -> dict[str, Any]:
    """The keys that a fit or its answers depend on, tables flattened with dots."""
    try:
        kept = msgspec.json.decode(session.repository.objects.read(run.spec), type=dict[str, Any])
    except (MlctlError, msgspec.DecodeError):
        return {}  # damage is fsck's to report
    asked = kept.get("eval") or {}
    decision = {f"eval.{key}": asked.get(key) for key in DECISION}
    return dict(_flat("", {key: kept.get(key) for key in ("data", *FIT) if key not in _OWN} | decision))


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}" if name else key, inner)
    else:
        yield name, value


def _code(session: Session, old: Run, new: Run) -> Iterator[Change]:
    before, after = recorded_uses(session, old), recorded_uses(session, new)
    if before is None or after is None:
        yield from _differences("code", {"commit": _commit(old)}, {"commit": _commit(new)})
        return
    for path in dict.fromkeys((*before.modules, *after.modules)):
        one, other = before.modules.get(path), after.modules.get(path)
        if (one and one.statements) != (other and other.statements):
            yield Change(kind="code", name=path, old=_told(one, other), new=_told(other, one))
    yield from _differences("file", before.files, after.files)
    yield from _differences(
        "variable", {**before.settings, **before.variables}, {**after.settings, **after.variables}
    )


def _told(module: Module | None, other: Module | None) -> str | None:
    """How many of a module's statements the other one does not have."""
    if module is None:
        return None
    own = len(set(module.statements) - set(other.statements if other else ()))
    return f"{len(module.statements)} statements, {own} of its own"


def recorded_uses(session: Session, run: Run) -> Used | None:
    """What a run's own code used; None where none ran, or where the record is damaged."""
    if run.used is None:
        return None
    try:
        return msgspec.json.decode(session.repository.objects.read(run.used), type=Used)
    except (MlctlError, msgspec.DecodeError):
        return None


def _commit(run: Run) -> str | None:
    if run.code.commit is None:
        return None
    return f"{run.code.commit[:12]}{' and uncommitted changes' if run.code.dirty else ''}"
