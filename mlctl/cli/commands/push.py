"""`mlctl push`."""

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.domain.requests.push import PushRequest


def push(dry_run: DryRun = False, json: Json = False) -> None:
    """Share data, facts and decisions with the remote.

    Examples:
      mlctl push
      mlctl push --dry-run
    """
    carry_out("push", PushRequest(dry_run=dry_run), json=json)
