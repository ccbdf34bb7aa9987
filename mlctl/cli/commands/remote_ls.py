"""`mlctl remote ls`."""

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.domain.requests.remote_ls import RemoteLsRequest


def remote_ls(json: Json = False) -> None:
    """List the remotes.

    Examples:
      mlctl remote ls
    """
    carry_out("remote_ls", RemoteLsRequest(), json=json)
