"""`mlctl fsck`."""

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.domain.requests.fsck import FsckRequest


def fsck(json: Json = False) -> None:
    """Verify every byte and every decision of the repository.

    Examples:
      mlctl fsck
      mlctl fsck --json
    """
    carry_out("fsck", FsckRequest(), json=json)
