"""`mlctl data status`: the work tree against pointers and versions."""

import shlex

from mlctl.datasets.absent_files import absent_files
from mlctl.datasets.parts import pointer_of
from mlctl.datasets.readable import Unreadable, look_or_say
from mlctl.domain.errors import WouldChange
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.data_status import DatasetState, DataStatusRequest, DataStatusResult
from mlctl.project.engines import engine
from mlctl.project.places import Place, known_places, named_or_at
from mlctl.project.session import Session
from mlctl.project.versions import newest, with_bytes
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import Pointer, read_settings
from mlctl.workspace.snapshot import Snapshot

_CALM = {"clean", "absent", "untracked"}


def data_status(session: Session, request: DataStatusRequest) -> Outcome[DataStatusResult]:
    """Compare; with `check`, anything that is not clean, or that an asked remote lacks, is exit 43.

    Raises:
        NotFound: there is no dataset of a name that was asked for.
    """
    places, wrong = known_places(session)
    if request.names:
        named = dict.fromkeys(named_or_at(session, typed).name for typed in request.names)
        places = [place for place in places if place.name in named]
    states = tuple(_state(session, place) for place in places)
    remote = None
    if request.remote:
        presence = engine("remote_presence").remote_presence
        remote = presence(session, places, pipelines=not request.names)
    data = DataStatusResult(
        datasets=states, clean=all(state.state in _CALM for state in states), remote=remote
    )
    present = remote.datasets if remote else ()
    advice = [*(state.next for state in states), *(one.next for one in present)]
    then = tuple(dict.fromkeys(command for command in advice if command))
    if request.check and not (data.clean and (remote is None or remote.complete)):
        raise WouldChange("; ".join(_differences(data)), *then, data=data)
    return Outcome(data=data, warnings=wrong, next=then)


def _differences(data: DataStatusResult) -> list[str]:
    different = [f"{state.path} ({state.state})" for state in data.datasets if state.state not in _CALM]
    said = [f"{len(different)} of {len(data.datasets)} datasets are not clean: " + ", ".join(different)]
    if data.remote is None or data.remote.complete:
        return said
    lacking = [f"{one.path} ({one.missing_files} files)" for one in data.remote.datasets if one.next]
    return [*(said if different else ()), f"{data.remote.url} lacks data of " + ", ".join(lacking)]


def _state(session: Session, place: Place) -> DatasetState:
    target = session.root / place.path
    pointer = pointer_of(session, place)
    read = place.spec.read if place.spec else None
    last = newest(session, place.name)
    held = with_bytes(session, place.name, pointer.md5, read) if pointer else None
    seen = look_or_say(session, place) if target.exists() else None
    state, why, then = (
        ("unreadable", seen.why, seen.next)
        if isinstance(seen, Unreadable)
        else _judged(
            place,
            pointer,
            seen.md5 if seen else None,
            held.label if held else None,
            has_versions=last is not None,
        )
    )
    if isinstance(seen, Snapshot) and state == "modified":
        absent = absent_files(session, place, seen, DvcCache.of(read_settings(session.root)))
        if absent is not None:
            state = "partial" if absent.alone else state
            why, then = absent.told, f"mlctl data checkout {place.name}"
    return DatasetState(
        name=place.name,
        path=place.path,
        state=state,
        version=held.number if held else None,
        newest=last.number if last else None,
        why=why,
        next=then,
    )


def _judged(
    place: Place, pointer: Pointer | None, md5: str | None, held: str | None, *, has_versions: bool
) -> tuple[str, str, str | None]:
    """(state, why, next command)."""
    add, checkout = f"mlctl data add {shlex.quote(place.path)}", f"mlctl data checkout {place.name}"
    if md5 is None and pointer is None:
        return (
            ("absent", "another branch has it, or it was taken away", None)
            if place.spec is None
            else ("gone", "there is neither file nor pointer", checkout if has_versions else None)
        )
    if md5 is None:
        return "missing", "only the pointer is there", checkout
    if pointer is None:
        return _without_pointer(place, add, has_versions=has_versions)
    if pointer.md5 != md5:
        return "modified", f"it differs from {held or 'its pointer'}", add
    if held is None:
        return (
            "unversioned",
            "its pointer names bytes that have no version, or are read in another way now",
            add,
        )
    return "clean", "", None


def _without_pointer(place: Place, add: str, *, has_versions: bool) -> tuple[str, str, str | None]:
    if not has_versions:
        return "new", "it has no version yet", add
    if place.spec is None:
        return "untracked", "it has versions and no pointer", None
    return "modified", "its pointer is gone", add
