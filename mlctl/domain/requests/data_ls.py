"""`mlctl data ls`."""

import msgspec

from mlctl.domain.dataset import DatasetRow


class DataLsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing to choose."""


class DataLsResult(msgspec.Struct, frozen=True, kw_only=True):
    """The newest version of every dataset, by name."""

    datasets: tuple[DatasetRow, ...]
