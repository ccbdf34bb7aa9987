"""Runs as people name them: which one is meant, and the model version that its fit has made."""

import msgspec

from mlctl.domain.ids import Digest
from mlctl.domain.model import ModelVersion
from mlctl.domain.requests.diff import Compared
from mlctl.domain.run import Run


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """One of two runs that are held against each other: the version as it was tested."""

    told: Compared
    run: Run
    digest: Digest
    version: ModelVersion


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be fitted again."""

    label: str
    run: Run
    digest: Digest
    version: ModelVersion
    warnings: tuple[str, ...] = ()
