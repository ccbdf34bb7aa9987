"""What changed and what is stale: data against its pointers, then each model (`staleness`).

Looks at files by size and time first and hashes only what has changed; reads a handful of small records;
imports no engine, so that prompts and hooks can call it.
"""

from mlctl.datasets.absent_files import absent_files
from mlctl.datasets.parts import pointer_of
from mlctl.datasets.readable import Unreadable, look_or_say
from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import NotFound, SpecInvalid, WouldChange
from mlctl.domain.looks import looked_at
from mlctl.domain.names import Names
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.status import DatasetStatus, Stale, StatusRequest, StatusResult
from mlctl.domain.spec import Spec
from mlctl.evidence.staleness import model_status
from mlctl.project.places import Place
from mlctl.project.session import Session
from mlctl.transport.unpushed import unpushed
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import read_settings


def status(session: Session, request: StatusRequest) -> Outcome[StatusResult]:
    """The project as it stands.

    Raises:
        WouldChange: `check` was asked, and something is stale.
    """
    names = session.repository.decisions.names()
    lost = session.repository.decisions.lost()
    broken: str | None = None
    spec: Spec | None = None
    try:
        spec = session.spec
    except (NotFound, SpecInvalid) as error:
        broken = error.message
    datasets = _datasets(session, spec, names)
    by_name = {dataset.name: dataset for dataset in datasets}
    models = [
        model_status(session, name, model, names, by_name.get(model.data))
        for name, model in (spec.model if spec else {}).items()
    ]
    found = StatusResult(
        project=spec.project.name if spec else session.root.name,
        datasets=tuple(datasets),
        models=tuple(models),
        decision=names.head,
        clean=broken is None
        and lost is None
        and not any(dataset.stale for dataset in datasets)
        and not any(m.stale for m in models),
        unpushed=unpushed(session),
        log=None if lost is None else Stale(what="log", why=lost.message, next=lost.hints[0]),
    )
    commands = ("mlctl spec explain --help",) if broken is not None else _next(found)
    if request.check and not found.clean:
        summary = broken or f"stale: {', '.join(dict.fromkeys(one.what for one in _stale(found)))}"
        raise WouldChange(summary, *commands, data=found)
    return Outcome(data=found, warnings=() if broken is None else (broken,), next=commands)


def _next(found: StatusResult) -> tuple[str, ...]:
    """The first thing to do: what is stale goes before what only waits for the others."""
    then = tuple(one.next for one in _stale(found))[:1]
    sending = found.unpushed.next if found.unpushed is not None else None
    return then or ((sending,) if sending else ())


def _stale(found: StatusResult) -> list[Stale]:
    of_log = [found.log] if found.log is not None else []
    of_data = [stale for dataset in found.datasets for stale in dataset.stale]
    return of_log + of_data + [stale for model in found.models for stale in model.stale]


def _datasets(session: Session, spec: Spec | None, names: Names) -> list[DatasetStatus]:
    """Declared data in the spec's order, then what else has been added from the work tree."""
    paths = {name: data.path for name, data in spec.data.items()} if spec else {}
    for name in sorted({full.split("/")[1] for full in names.under("datasets/")} - set(paths)):
        digests = list(names.versions(f"datasets/{name}").values())
        path = session.repository.facts.get(DatasetVersion, digests[-1]).path if digests else None
        if path is not None:
            paths[name] = path
    return [_dataset(session, name, path, names, spec) for name, path in paths.items()]


def _dataset(session: Session, name: str, path: str, names: Names, spec: Spec | None) -> DatasetStatus:
    target = session.root / path
    looked_at(target)
    place = Place(name=name, path=path, spec=spec.data.get(name) if spec else None)
    pointer = pointer_of(session, place)
    pointed = _number(session, name, pointer.md5, names) if pointer else None
    if pointer is None and place.spec is None:  # another branch's, or taken away by `data rm`
        state = "untracked" if target.exists() else "absent"
        return DatasetStatus(name=name, path=path, version=None, state=state)
    if not target.exists():
        why = (
            f"{path} does not exist" if pointer is None else f"{path} is not in the work tree; its pointer is"
        )
        command = f"mlctl data status {name}" if pointer is None else f"mlctl data checkout {name}"
        stale = Stale(what=f"data {name}", why=why, next=command)
        return DatasetStatus(name=name, path=path, version=pointed, state="missing", stale=(stale,))
    seen = look_or_say(session, place)
    if isinstance(seen, Unreadable):
        stale = Stale(what=f"data {name}", why=seen.why, next=seen.next)
        return DatasetStatus(name=name, path=path, version=None, state="unreadable", stale=(stale,))
    if pointer is not None and pointer.md5 == seen.md5 and pointed is not None:
        return DatasetStatus(name=name, path=path, version=pointed, state="fresh")
    if pointer is None:
        state, why = "new", f"{path} has no version yet"
    elif pointer.md5 == seen.md5:
        state, why = "new", f"{path} has a pointer and no version"
    else:
        since = f"since {name}@{pointed}" if pointed is not None else "since its pointer was written"
        state, why = "changed", f"{path} has changed {since}"
        absent = absent_files(session, place, seen, DvcCache.of(read_settings(session.root)))
        if absent is not None:
            stale = Stale(what=f"data {name}", why=absent.told, next=f"mlctl data checkout {name}")
            return DatasetStatus(name=name, path=path, version=None, state=state, stale=(stale,))
    stale = Stale(what=f"data {name}", why=why, next=f"mlctl data add {path}")
    return DatasetStatus(name=name, path=path, version=None, state=state, stale=(stale,))


def _number(session: Session, name: str, md5: str, names: Names) -> int | None:
    """The newest living version of a dataset that holds these bytes."""
    found = session.repository.facts.where(DatasetVersion, name=name, md5=md5)
    numbers = [names.number_of(f"datasets/{name}", digest) for digest, _ in found]
    return max((number for number in numbers if number is not None), default=None)
