"""`mlctl pull`."""

from mlctl.cli.door import carry_out
from mlctl.cli.options import Everything, Json, Only
from mlctl.domain.requests.pull import PullRequest


def pull(everything: Everything = False, only: Only = None, json: Json = False) -> None:
    """Bring decisions, facts and the work tree's data from the remote.

    Examples:
      mlctl pull
      mlctl pull --only demand@production
    """
    request = PullRequest(everything=everything, only=tuple(only or ()))
    carry_out("pull", request, json=json, session=False)
