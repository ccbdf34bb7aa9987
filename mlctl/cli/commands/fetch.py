"""`mlctl fetch`."""

from mlctl.cli.door import carry_out
from mlctl.cli.options import Everything, Json, Only
from mlctl.domain.requests.fetch import FetchRequest


def fetch(everything: Everything = False, only: Only = None, json: Json = False) -> None:
    """Bring decisions and facts from the remote.

    Examples:
      mlctl fetch
      mlctl fetch --all
    """
    request = FetchRequest(everything=everything, only=tuple(only or ()))
    carry_out("fetch", request, json=json, session=False)
