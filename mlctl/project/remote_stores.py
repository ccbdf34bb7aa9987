"""Opens remotes: which one is meant, where it is, with which options and credentials.

Credentials come from `.mlctl/config.local.toml`, from DVC's own configuration, or from the environment
(`MLCTL_REMOTE_<NAME>_<OPTION>`, or what the service's own library reads); none is ever shown.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from mlctl.contracts import registry
from mlctl.contracts.remote import Remote, RemoteStore
from mlctl.domain.credentials import strip
from mlctl.domain.errors import NotFound, NotInstalled, UsageError
from mlctl.domain.nearest import nearest
from mlctl.domain.progress import Event
from mlctl.domain.remote import RemoteSetting
from mlctl.project.session import Session
from mlctl.sharing.retry import TRIES, RetryingStore
from mlctl.store.layout import FOLDER, Layout
from mlctl.store.remote_settings import read_remotes
from mlctl.workspace.dvc_remotes import read_dvc_remotes


def open_remote(session: Session, name: str | None = None) -> RemoteStore:
    """The named or default mlctl remote; what passes is tried again there.

    Raises:
        NotFound: there is no such remote, or none is the default.
        UsageError: the configuration or the URL makes no sense. NotInstalled: a library is missing.
    """
    return store_of(remote_setting(session, name))


def open_data_store(session: Session, name: str | None = None) -> RemoteStore:
    """Where the data live: DVC's remote of that name or its default one, else mlctl's.

    Raises:
        NotFound, UsageError, NotInstalled: as `open_remote`.
    """
    return patient_store(session, data_setting(session, name))


def patient_store(session: Session, setting: RemoteSetting, *, tries: int = TRIES) -> RemoteStore:
    """As `store_of`; that it does not answer, and is asked again, is told meanwhile.

    Raises:
        UsageError, NotInstalled: as `open_remote`.
    """
    told = Event(step=f"no answer from {strip(setting.url)}, which is asked again")
    return store_of(setting, tries=tries, waits=lambda: session.report(told))


def remote_setting(session: Session, name: str | None = None) -> RemoteSetting:
    """How the named or default mlctl remote is configured.

    Raises:
        NotFound, UsageError: as `open_remote`.
    """
    return _own_setting(session.repository.layout, name)


def _own_setting(layout: Layout, name: str | None) -> RemoteSetting:
    remotes, default = read_remotes(layout)
    chosen = name or default
    if chosen is not None and chosen in remotes:
        return with_environment(remotes[chosen])
    raise _unknown(chosen, sorted(remotes))


def data_setting(session: Session, name: str | None = None) -> RemoteSetting:
    """How the remote for the data is configured.

    Raises:
        NotFound, UsageError: as `open_remote`.
    """
    setting, warnings = data_setting_of(session.root, name)
    session.warnings += warnings
    return setting


def data_setting_of(root: Path, name: str | None = None) -> tuple[RemoteSetting, tuple[str, ...]]:
    """As `data_setting`, where there may be no repository (a project of dvc's alone); with warnings.

    Raises:
        NotFound, UsageError: as `open_remote`.
    """
    remotes, default, exposed = read_dvc_remotes(root)
    chosen = name.lower() if name is not None else default
    if chosen is None or chosen not in remotes:
        if name is None and chosen is not None:
            raise NotFound(
                f"DVC's default remote is {chosen}, and no remote has this name", "dvc remote list"
            )
        return _own_setting(Layout(root / FOLDER), name), ()
    told = [option for option in exposed if option.startswith(f"{chosen}.")]
    warning = f"git tracks .dvc/config, and {', '.join(told)} gives access; it belongs into config.local"
    return with_environment(_as_ours(root, remotes[chosen])), (warning,) if told else ()


def _as_ours(root: Path, setting: RemoteSetting) -> RemoteSetting:
    """DVC's remote, with the further options and credentials of a remote of ours at the same URL."""
    known = read_remotes(Layout(root / FOLDER))[0].values()
    own = next((one for one in known if one.url.rstrip("/") == setting.url.rstrip("/")), None)
    if own is None:
        return setting
    return msgspec.structs.replace(setting, options={**own.options, **setting.options})


def has_data_remote(session: Session) -> bool:
    """Whether data have a remote at all."""
    try:
        data_setting(session)
    except NotFound:
        return False
    return True


def store_of(
    setting: RemoteSetting, *, tries: int = TRIES, waits: Callable[[], None] = lambda: None
) -> RemoteStore:
    """The store of a setting; what passes is tried again so often; `waits` is called where that takes long.

    Raises:
        UsageError, NotInstalled: as `open_remote`.
    """
    opened = _plugin(setting.scheme).open(setting.url, setting.options)
    return RetryingStore(opened, tries=tries, waits=waits)


def refuse_unknown(setting: RemoteSetting) -> None:
    """Nothing, where each option is one that this kind of remote takes, or it does not say which.

    Raises:
        UsageError: one is unknown; the message names the nearest. NotInstalled: as `open_remote`.
    """
    plugin = _plugin(setting.scheme)
    taken: frozenset[str] | None = getattr(plugin, "options", lambda _url: None)(setting.url)
    if taken is None:
        return
    for option in setting.options:
        if option not in taken:
            near = nearest(option, sorted(taken))
            guess = f"did you mean {near!r}?" if near else f"there are: {', '.join(sorted(taken))}"
            raise UsageError(
                f"a remote at {strip(setting.url)} has no option {option!r}; {guess}",
                "mlctl remote add --help",
                option=option,
                nearest=near,
            )


def _plugin(scheme: str) -> Remote:
    plugin: Remote
    try:
        plugin = registry.load("remotes", scheme)
    except NotInstalled as error:
        if "package" in error.facts:  # there is a plugin, and it lacks a library
            raise
        plugin = registry.load("remotes", "dvc")
    return plugin


def with_environment(setting: RemoteSetting) -> RemoteSetting:
    """The setting with the options that `MLCTL_REMOTE_<NAME>_<OPTION>` give."""
    start = f"MLCTL_REMOTE_{re.sub('[^A-Z0-9]', '_', setting.name.upper())}_"
    more = {
        name.removeprefix(start).lower(): value
        for name, value in os.environ.items()
        if name.startswith(start) and value
    }
    return msgspec.structs.replace(setting, options={**setting.options, **more})


def _unknown(name: str | None, known: list[str]) -> NotFound:
    if name is not None:
        listed = ", ".join(known) or "none"
        return NotFound(
            f"there is no remote {strip(name)!r}; there are: {listed}", "mlctl remote ls", remotes=known
        )
    if known:
        return NotFound(
            f"which remote? none is the default of {', '.join(known)}", "mlctl remote ls", remotes=known
        )
    return NotFound("there is no remote", "mlctl remote add origin URL", remotes=[])
