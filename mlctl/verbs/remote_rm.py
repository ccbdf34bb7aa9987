"""`mlctl remote rm`: forget a remote; nothing is removed from it.

With the last one the log is our own again, so nothing may wait for publication then. DVC forgets it too, if
it is the same place there.
"""

from mlctl.domain.errors import NameMoved, NotFound
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.remote_rm import RemoteRmRequest, RemoteRmResult
from mlctl.domain.sharing import spoken
from mlctl.project.session import Session
from mlctl.store.joining import finish
from mlctl.store.locks import rearranging, sharing
from mlctl.store.remote_settings import read_remotes
from mlctl.store.rooms import room
from mlctl.workspace.dvc_remotes import forget_remote


def remote_rm(session: Session, request: RemoteRmRequest) -> Outcome[RemoteRmResult]:
    """Forget it.

    Raises:
        NotFound: there is no such remote.
        NameMoved: decisions wait to be published there.
    """
    repository = session.repository
    remotes, default = read_remotes(repository.layout)
    if request.name not in remotes:
        raise NotFound(f"there is no remote {request.name}", "mlctl remote ls", remotes=sorted(remotes))
    left = request.name == default and repository.decisions.pending.joined() is not None
    dvc = False
    if not request.dry_run:
        with sharing(repository.layout):
            finish(repository.layout, repository.files, repository.decisions.pending)
            _forget(session, request.name, left=left)
        dvc = forget_remote(session.root, request.name, remotes[request.name].url)
    elif left:
        _refuse_waiting(session)
    data = RemoteRmResult(
        name=request.name, url=remotes[request.name].url, left=left, dvc=dvc, dry_run=request.dry_run
    )
    return Outcome(data=data, next=("mlctl remote ls",))


def _forget(session: Session, name: str, *, left: bool) -> None:
    repository = session.repository

    def change(settings: dict[str, dict[str, object]]) -> None:
        settings.get("remotes", {}).pop(name, None)

    with rearranging(repository.layout):
        if left:
            _refuse_waiting(session)
        local = repository.layout.config.with_name("config.local.toml")
        for path in (repository.layout.config, local):
            if path.exists():
                room("config_file").change_config(repository.files, path, change)
        if left:
            repository.decisions.pending.leave()


def _refuse_waiting(session: Session) -> None:
    waiting = [spoken(held.entry.number) for held in session.repository.decisions.waiting()]
    if waiting:
        raise NameMoved(
            f"{', '.join(waiting)} would be lost: they wait to be published on this remote. Where it is gone "
            "for good, `mlctl remote add NAME URL --default` shares everything at another place",
            "mlctl push",
            f"mlctl log drop {waiting[0]}",
            waiting=waiting,
        )
