"""Opens remotes: which one is meant, where it is, with which options and credentials.

Credentials come from `.mlctl/config.local.toml`, from DVC's own configuration, or from the environment
(`MLCTL_REMOTE_<NAME>_<OPTION>`, or what the service's own library reads); none is ever shown.
"""

import os
import re

from mlctl.contracts import registry
from mlctl.contracts.remote import Remote, RemoteStore
from mlctl.domain.credentials import strip
from mlctl.domain.errors import NotFound
from mlctl.domain.remote import RemoteSetting
from mlctl.sharing.retry import RetryingStore
from mlctl.store.remote_settings import read_remotes
from mlctl.verbs.session import Session
from mlctl.workspace.dvc_remotes import read_dvc_remotes


def open_remote(session: Session, name: str | None = None) -> RemoteStore:
    """The named or default mlctl remote; what passes is tried again there.

    Raises:
        NotFound: there is no such remote, or none is the default.
        UsageError: the configuration or the URL makes no sense. NotInstalled: a library is missing.
    """
    return _opened(remote_setting(session, name))


def open_data_store(session: Session, name: str | None = None) -> RemoteStore:
    """Where the data live: DVC's remote of that name or its default one, else mlctl's.

    Raises:
        NotFound, UsageError, NotInstalled: as `open_remote`.
    """
    return _opened(data_setting(session, name))


def remote_setting(session: Session, name: str | None = None) -> RemoteSetting:
    """How the named or default mlctl remote is configured.

    Raises:
        NotFound, UsageError: as `open_remote`.
    """
    remotes, default = read_remotes(session.repository.layout)
    chosen = name or default
    if chosen is not None and chosen in remotes:
        return _with_environment(remotes[chosen])
    raise _unknown(chosen, sorted(remotes))


def data_setting(session: Session, name: str | None = None) -> RemoteSetting:
    """How the remote for the data is configured.

    Raises:
        NotFound, UsageError: as `open_remote`.
    """
    remotes, default, exposed = read_dvc_remotes(session.root)
    chosen = name.lower() if name is not None else default
    if chosen is None or chosen not in remotes:
        if name is None and chosen is not None:
            raise NotFound(
                f"DVC's default remote is {chosen}, and no remote has this name", "dvc remote list"
            )
        return remote_setting(session, name)
    told = [option for option in exposed if option.startswith(f"{chosen}.")]
    if told:
        warning = f"git tracks .dvc/config, and {', '.join(told)} gives access; it belongs into config.local"
        session.warnings += (warning,)
    return _with_environment(remotes[chosen])


def has_data_remote(session: Session) -> bool:
    """Whether data have a remote at all."""
    try:
        data_setting(session)
    except NotFound:
        return False
    return True


def _opened(setting: RemoteSetting) -> RemoteStore:
    scheme = setting.scheme
    known = registry.names("remotes")
    plugin: Remote = registry.load("remotes", scheme if scheme in known else "dvc")
    return RetryingStore(plugin.open(setting.url, setting.options))


def _with_environment(setting: RemoteSetting) -> RemoteSetting:
    start = f"MLCTL_REMOTE_{re.sub('[^A-Z0-9]', '_', setting.name.upper())}_"
    more = {
        name.removeprefix(start).lower(): value
        for name, value in os.environ.items()
        if name.startswith(start) and value
    }
    return RemoteSetting(
        name=setting.name, url=setting.url, options={**setting.options, **more}, origin=setting.origin
    )


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
