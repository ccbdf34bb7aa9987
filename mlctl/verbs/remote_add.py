"""`mlctl remote add`: write where the project is shared, and join the log that is there.

The store is probed first: whoever creates a key second must be refused, or two people could both take a
decision's number. One that does not refuse is used for facts and data only.
"""

import os
import shlex
from contextlib import closing
from pathlib import Path

from mlctl.contracts.remote import RemoteStore
from mlctl.domain.credentials import strip
from mlctl.domain.errors import AlreadyExists, NotFound
from mlctl.domain.outcome import Outcome
from mlctl.domain.refs import check_name
from mlctl.domain.remote import NO_LOG, RemoteSetting
from mlctl.domain.requests.remote_add import RemoteAddRequest, RemoteAddResult
from mlctl.project.remote_options import parsed, placed, private
from mlctl.project.remote_stores import refuse_unknown, store_of, with_environment
from mlctl.project.session import Session
from mlctl.sharing.exchange import refuse_stranger
from mlctl.sharing.probe import refuses_the_second
from mlctl.sharing.rounds import Fetched
from mlctl.sharing.rounds import fetch as fetch_round
from mlctl.sharing.shared_log import SharedLog
from mlctl.store.remote_settings import read_remotes
from mlctl.store.rooms import room
from mlctl.transport.sharing_ways import progress, shared_store, telling
from mlctl.workspace.dvc_remotes import name_remote, read_dvc_remotes


def remote_add(session: Session, request: RemoteAddRequest) -> Outcome[RemoteAddResult]:
    """Add a remote and join its log; a remote that is there already is joined again.

    Raises:
        AlreadyExists: the name means another place.
        UsageError: the URL or an option makes no sense, or the remote is another repository's and nobody
            adopts it.
        NotFound: a folder whose parent does not exist.
        Unreachable, Denied, Corrupt, Untrusted, Incomplete: of the remote.
    """
    check_name("remote", request.name)
    layout = session.repository.layout
    known, first = read_remotes(layout)
    url = placed(request.url, session.root)
    options = parsed(request.options)
    there = known.get(request.name)
    if there is not None and there.url != url:
        raise AlreadyExists(
            f"remote {request.name} is {there.url}", f"mlctl remote rm {request.name}", remote=request.name
        )
    if there is not None and not options:  # added again: as it was
        options = {name: value for name, value in there.options.items() if name != NO_LOG}
    default = request.default or first in {None, request.name}
    given = RemoteSetting(name=request.name, url=url, options=options)
    refuse_unknown(given)
    setting = with_environment(given)
    with closing(store_of(setting)) as store:
        _refuse_nowhere(setting, store)
        writable, refuses = store.writable, _probed(store, dry_run=request.dry_run)
        there_is = refuse_stranger(session.repository, SharedLog(store), url, adopt=request.adopt) is not None
        log = refuses or (not writable and there_is)  # to be read
        if refuses and not there_is and not request.dry_run and _is_joined(session):
            SharedLog(store).let_be_filled()  # asked for: with the log that was shared elsewhere
    changed = there is None
    joined = Fetched()
    dvc = False
    if not request.dry_run:
        _write(session, request, options, default=default, log=log)
        ours = {(one.name, one.url) for one in known.values()} if default else set()
        dvc = name_remote(session.root, request.name, request.url, options, ours)
        if default and log:
            joined = _joined(session, setting, adopt=request.adopt)
            changed = changed or bool(joined.decisions)
    data = RemoteAddResult(
        name=request.name,
        url=url,
        default=default,
        log=log,
        writable=writable,
        decisions=joined.decisions,
        parted=joined.parted,
        renumbered=telling(joined.renumbered),
        dvc=dvc,
        data=_data(session, setting) if default else None,
        changed=changed,
        dry_run=request.dry_run,
    )
    then = ("mlctl push" if writable else "mlctl pull",) if log else ()
    return Outcome(data=data, warnings=_warnings(data), next=then)


def _refuse_nowhere(setting: RemoteSetting, store: RemoteStore) -> None:
    """A folder may be made; one that would need another to be made first is more likely mistyped."""
    if setting.scheme != "file":
        return
    parent = Path(store.url).parent
    if not parent.exists():
        raise NotFound(
            f"{parent} does not exist, so {Path(store.url).name} cannot be made in it: is the path right?",
            f"mkdir -p {shlex.quote(str(parent))}",
            path=str(parent),
        )


def _probed(store: RemoteStore, *, dry_run: bool) -> bool:
    if not store.writable or dry_run:
        return store.writable
    return refuses_the_second(store, f"mlctl/probe/{os.urandom(8).hex()}")


def _write(
    session: Session, request: RemoteAddRequest, options: dict[str, str], *, default: bool, log: bool
) -> None:
    layout, files = session.repository.layout, session.repository.files
    kept, secret = private(options)
    local = layout.config.with_name("config.local.toml")

    def change(settings: dict[str, object]) -> None:
        remotes = settings.setdefault("remotes", {})
        assert isinstance(remotes, dict)  # noqa: S101 - `read_remotes` has said so
        for other in remotes.values() if default else ():
            other.pop("default", None)
        remotes[request.name] = {
            "url": request.url,
            **({"default": True} if default else {}),
            **({} if log else {NO_LOG: False}),
            **kept,
        }

    def hide(settings: dict[str, object]) -> None:
        remotes = settings.setdefault("remotes", {})
        assert isinstance(remotes, dict)  # noqa: S101 - `read_remotes` has said so
        remotes.setdefault(request.name, {}).update(secret)

    if secret:
        room("config_file").write_config(files, local, {})
        room("config_file").change_config(files, local, hide)
        local.chmod(0o600)
    room("config_file").change_config(files, layout.config, change)


def _joined(session: Session, setting: RemoteSetting, *, adopt: bool) -> Fetched:
    """Take the remote's log over, if it has one."""
    repository = session.repository
    with shared_store(session, setting) as store:
        return fetch_round(repository, store, progress(session, "fetch"), adopt=adopt)


def _is_joined(session: Session) -> bool:
    return session.repository.decisions.pending.joined() is not None


def _data(session: Session, setting: RemoteSetting) -> str | None:
    """Where data go instead: to DVC's default remote, if it is another place."""
    remotes, default, _exposed = read_dvc_remotes(session.root)
    there = remotes[default].url if default is not None and default in remotes else setting.url
    return strip(there) if there.rstrip("/") != setting.url.rstrip("/") else None


def _warnings(data: RemoteAddResult) -> tuple[str, ...]:
    found = []
    if not data.log and not data.writable:
        found.append(
            f"{data.url} holds no log: it is used for data alone. Once somebody pushed to what it serves: "
            f"mlctl remote add {data.name} {data.url}"
        )
    elif not data.log:
        found.append(
            f"{data.url} lets a second writer take a key that is there: "
            "it is used for facts and data, not for the log"
        )
    if not data.writable:
        found.append(f"{data.url} can only be read")
    if data.parted:
        found.append(
            f"{data.parted} decisions made here wait for publication: the remote has a log of its own"
        )
    return tuple(found)
