"""`mlctl clone`: a repository from a remote alone; to serve or predict, neither git nor a spec is needed.

The folder is a repository once everything is there; a clone that was killed is simply run again.
"""

import re
import shlex
import shutil
from contextlib import closing
from pathlib import Path

from mlctl.domain.decision import repository_of
from mlctl.domain.errors import AlreadyExists, NotFound
from mlctl.domain.outcome import Outcome
from mlctl.domain.progress import Report
from mlctl.domain.remote import RemoteSetting
from mlctl.domain.requests.clone import CloneRequest, CloneResult
from mlctl.project.remote_options import parsed, placed, private
from mlctl.project.remote_stores import refuse_unknown, store_of
from mlctl.project.session import Session
from mlctl.sharing.rounds import fetch as fetch_round
from mlctl.sharing.shared_log import SharedLog
from mlctl.store.files import Files
from mlctl.store.layout import FOLDER, Layout
from mlctl.store.repository import Repository
from mlctl.store.rooms import room
from mlctl.transport.beginning import begin, log_names
from mlctl.transport.sharing_ways import progress, shared_store
from mlctl.workspace.dvc_remotes import name_remote
from mlctl.workspace.project import missing_settings, place_file

_ORIGIN = "origin"
_BEGINNING = {"tmp", "config.local.toml"}
"""All that there can be in `.mlctl` before there is a `config.toml`."""


def clone(request: CloneRequest, *, report: Report, command: str) -> Outcome[CloneResult]:
    """Make a repository that follows a remote.

    Raises:
        AlreadyExists: the folder holds something else.
        NotFound: the remote holds no repository, or nothing of the name asked for.
        UsageError, NotInstalled: of the URL and the options.
        Corrupt, Untrusted, Incomplete, Unreachable, Denied: of the remote.
    """
    only = log_names(request.only)
    root = Path(request.folder or _name(request.url)).absolute()
    url = placed(request.url, Path.cwd())
    options = parsed(request.options)
    setting = RemoteSetting(name=_ORIGIN, url=url, options=options)
    refuse_unknown(setting)
    layout = Layout(root / FOLDER)
    held, stored = _held(root), _held(layout.store)
    if held and not layout.config.exists() and not (held == {FOLDER} and stored <= _BEGINNING):
        raise AlreadyExists(f"{root} is not empty", "mlctl clone --help", path=str(root))
    identity = _identity(setting)
    _settings(layout, identity, url, options)
    for path, content in missing_settings(root):  # so that data have a cache and a remote here, too
        place_file(root, path, content)
    name_remote(root, _ORIGIN, url, options)
    made = not layout.format.exists()
    repository = begin(root, command) if made else Repository(root)
    if repository.id != identity:
        raise AlreadyExists(f"{root} is another repository", f"mlctl -C {root} remote ls", path=str(root))
    session = Session(repository, command=command, report=report)
    with shared_store(session, setting) as store:
        try:
            done = fetch_round(repository, store, progress(session, "clone"), only=only)
        except NotFound:
            if made:  # of a name that is not there nothing is left behind
                _take_back(root, held, stored)
            raise
    data = CloneResult(
        path=str(root),
        url=url,
        repository=identity,
        decisions=done.decisions,
        facts=done.facts,
        only=request.only,
        changed=bool(made or done.decisions),
    )
    where = f"mlctl -C {request.folder or _name(request.url)}"
    served = [f"{where} serve {text}" for text in request.only] or [f"{where} models"]
    return Outcome(data=data, next=tuple(served))


def _identity(setting: RemoteSetting) -> str:
    with closing(store_of(setting)) as store:
        first = SharedLog(store).one(1)
    identity = first and repository_of(first.entry)
    if not identity:
        if (Path(setting.url) / ".git").exists():
            again = (
                f"git clone {shlex.quote(setting.url)} && cd {shlex.quote(_name(setting.url))} && mlctl pull"
            )
            raise NotFound(
                f"{setting.url} is a git repository, not a remote of mlctl", again, url=setting.url
            )
        raise NotFound(f"{setting.url} holds no repository", "mlctl remote add --help", url=setting.url)
    return identity


def _settings(layout: Layout, identity: str, url: str, options: dict[str, str]) -> None:
    """`config.toml`, and beside it what is private; as they are where they are."""
    layout.store.mkdir(parents=True, exist_ok=True)
    layout.tmp.mkdir(exist_ok=True)
    files = Files(layout.tmp)
    open_, secret = private(options)
    remote = {"url": url, "default": True, **open_}
    local = layout.config.with_name("config.local.toml")
    if not layout.config.exists():  # it is that of a clone that was killed, perhaps of another place
        local.unlink(missing_ok=True)
    if secret and not local.exists():
        room("config_file").write_config(files, local, {"remotes": {_ORIGIN: secret}})
    if not layout.config.exists():
        room("config_file").write_config(files, layout.config, {"id": identity, "remotes": {_ORIGIN: remote}})


def _held(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def _take_back(root: Path, held: set[str], stored: set[str]) -> None:
    """Remove what was not there before.

    First goes what makes it a repository, last what lets a clone go on: it may be killed here, too.
    """
    store = root / FOLDER
    made = [store / name for name in _held(store) - stored] + [root / name for name in _held(root) - held]
    order = {store / "format": 0, store / "config.toml": 2, store: 3}
    for path in sorted(made, key=lambda path: order.get(path, 1)):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _name(url: str) -> str:
    """The last part of a URL that can name a folder."""
    split = re.split(r"[/\\]+", url.rsplit("://", maxsplit=1)[-1])
    parts = [part for part in split if part.strip(".")]
    return parts[-1] if parts else "clone"
