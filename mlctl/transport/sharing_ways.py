"""How the verbs share: whose lock, which store, what is asked before an entry is published, what is told."""

import shlex
from collections.abc import Iterator
from contextlib import closing, contextmanager

import msgspec

from mlctl.contracts.remote import RemoteStore
from mlctl.domain.decision import Entry
from mlctl.domain.errors import MlctlError, UsageError
from mlctl.domain.names import Names
from mlctl.domain.progress import Event
from mlctl.domain.remote import NO_LOG, RemoteSetting
from mlctl.domain.sharing import spoken
from mlctl.evidence.verdicts import ask, evaluation_of, judge
from mlctl.project.remote_stores import patient_store, remote_setting
from mlctl.project.session import Session
from mlctl.project.stops import RETIRED, stopped, withheld_stage
from mlctl.sharing.exchange import Check, Renumbered
from mlctl.sharing.facts import Told
from mlctl.sharing.retry import TRIES
from mlctl.sharing.rounds import Ways
from mlctl.sharing.transfer import Moved
from mlctl.store.locks import sharing
from mlctl.transport.data_transfer import upload_data
from mlctl.transport.withheld import withheld


@contextmanager
def shared_store(
    session: Session, setting: RemoteSetting | None = None, *, tries: int = TRIES
) -> Iterator[RemoteStore]:
    """The store that the log is shared through, open, while nobody else of this repository pushes or fetches.

    Args:
        session: of the project.
        setting: of the remote; the default one's by default.
        tries: how often what fails is tried at most.

    Raises:
        NotFound: there is no remote. Locked: another push has not finished.
        UsageError: the remote is not used for the log.
    """
    setting = setting or remote_setting(session)
    if setting.options.get(NO_LOG) == "false":
        raise UsageError(
            f"remote {setting.name} can't hold the log: when it was added, its store did not refuse the "
            "second writer of a key, or could only be read and held none",
            f"mlctl remote add {setting.name} {shlex.quote(setting.url)}",
            remote=setting.name,
        )
    layout = session.repository.layout
    waits = Event(step="wait for another push of this repository")
    with (
        sharing(layout, waits=lambda: session.report(waits)),
        closing(patient_store(session, setting, tries=tries)) as store,
    ):
        yield store


def ways(session: Session, sent: list[Moved] | None = None) -> Ways:
    """What a push of this session is handed; what data it sends is added to `sent`."""

    def upload(md5s: list[str]) -> None:
        closed = withheld(session)
        moved = upload_data(session, [md5 for md5 in md5s if md5 not in closed])
        if sent is not None:
            sent.append(moved)

    return Ways(
        check=_gates(session),
        now=session.now,
        upload=upload,
        told=progress(session, "push"),
    )


def progress(session: Session, step: str) -> Told:
    """Reports things that have moved."""
    moved = 0

    def told(things: int, _size: int) -> None:
        nonlocal moved
        moved += things
        session.report(Event(step=step, done=moved, unit="facts"))

    return told


def telling(renumbered: list[Renumbered]) -> tuple[str, ...]:
    """`demand@8 → demand@9`, for each version that got another number."""
    return tuple(f"{_label(one.old)} → {_label(one.new)}" for one in renumbered)


def renumbered_by(entry: Entry) -> tuple[str, ...]:
    """As `telling`, of a shared entry that says what it was."""
    was = entry.was or {}
    return telling(
        [Renumbered(old=old, new=new) for new, old in was.items() if len(new.split("/")) == len("kxn")]
    )


def _label(name: str) -> str:
    _kind, family, *rest = name.split("/")
    return f"{family}@{'/'.join(rest)}"


def _gates(session: Session) -> Check:
    """Gates, freezes and retirements are asked again, on what the log is for everybody."""

    def check(entry: Entry, names: Names) -> str | None:
        stop = _stop(session, entry, names)
        stages = [change for change in entry.changes if change.name.startswith("stages/")]
        if stop is not None or entry.kind != "promote" or entry.evidence.get("forced") or not stages:
            return stop
        _stages, model, stage = stages[0].name.split("/")
        number = _version(entry, names, model, str(stages[0].new))
        if number is None:
            return f"decision {spoken(entry.number)} promotes what has no number"
        try:
            question = ask(session, f"{model}@{number}", stage, names=names)
            _, evaluation, _ = evaluation_of(session, question)
            decision = judge(session, question, evaluation, names)
        except (MlctlError, msgspec.DecodeError) as error:
            return f"the gates of {stage} could not be asked again: {error}"
        if decision.passed:
            return None
        return f"the gates of {stage} refuse {model}@{number}: {decision.reasons[0].why}"

    return check


def _stop(session: Session, entry: Entry, names: Names) -> str | None:
    """Why a stage may not move, or a version not be retired, on these names."""
    held = withheld_stage(names, entry.changes)
    if held is not None:
        return f"{held} holds what it retires"
    against = stopped(session, names, entry.changes)
    forced = against is not None and against.gate != RETIRED and entry.evidence.get("forced")
    return None if against is None or forced else against.why


def _version(entry: Entry, names: Names, model: str, digest: str) -> int | None:
    """The number of the version that is promoted, whose refit may be new in this very entry."""
    for change in entry.changes:
        parts = change.name.split("/")
        if parts[0] == "models" and change.new == digest:
            return int(parts[2])
    return names.number_of(f"models/{model}", digest)
