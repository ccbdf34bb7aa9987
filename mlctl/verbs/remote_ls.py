"""`mlctl remote ls`: the remotes of mlctl's settings and of DVC's; nothing is asked of them."""

from mlctl.domain.outcome import Outcome
from mlctl.domain.remote import NO_LOG
from mlctl.domain.requests.remote_ls import RemoteLsRequest, RemoteLsResult, RemoteRow
from mlctl.project.session import Session
from mlctl.store.remote_settings import read_remotes
from mlctl.workspace.dvc_remotes import read_dvc_remotes


def remote_ls(session: Session, request: RemoteLsRequest) -> Outcome[RemoteLsResult]:
    """List them, mlctl's first."""
    del request
    own, default = read_remotes(session.repository.layout)
    dvc, dvc_default, _exposed = read_dvc_remotes(session.root)
    rows = [
        RemoteRow(
            name=name,
            url=setting.url,
            default=name == default,
            log=setting.options.get(NO_LOG) != "false",
            origin="mlctl",
        )
        for name, setting in sorted(own.items())
    ]
    rows += [
        RemoteRow(name=name, url=setting.url, default=name == dvc_default, log=False, origin="dvc")
        for name, setting in sorted(dvc.items())
    ]
    joined = session.repository.decisions.pending.joined() is not None
    hints = () if own else ("mlctl remote add origin URL",)
    return Outcome(data=RemoteLsResult(remotes=tuple(rows), joined=joined), next=hints)
