"""`mlctl status`."""

from mlctl.cli.door import carry_out
from mlctl.cli.options import Check, Json
from mlctl.domain.requests.status import StatusRequest


def status(check: Check = False, json: Json = False) -> None:
    """Show what changed and what is stale, each with its reason and the next command.

    Examples:
      mlctl status
      mlctl status --check
      mlctl status --json

    With --check, exit code 43 says that something is stale.
    """
    carry_out("status", StatusRequest(check=check), json=json)
