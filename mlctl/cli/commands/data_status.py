"""`mlctl data status`."""

from mlctl.cli.door import carry_out
from mlctl.cli.options import Check, Json
from mlctl.domain.requests.data_status import DataStatusRequest


def data_status(
    check: Check = False,
    json: Json = False,
) -> None:
    """Compare the work tree with the dataset versions.

    Examples:
      mlctl data status
      mlctl data status --check   # exit 43 where something is not versioned
    """
    carry_out("data_status", DataStatusRequest(check=check), json=json)
