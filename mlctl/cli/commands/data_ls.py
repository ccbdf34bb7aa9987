"""`mlctl data ls`."""

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.domain.requests.data_ls import DataLsRequest


def data_ls(
    json: Json = False,
) -> None:
    """List the datasets.

    Examples:
      mlctl data ls
      mlctl data ls --json
    """
    carry_out("data_ls", DataLsRequest(), json=json)
