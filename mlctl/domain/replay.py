"""A fit from the record, in a process of its own: what it is told, and what it tells."""

from typing import Any

import msgspec

from mlctl.domain.ids import Digest
from mlctl.domain.model import FeatureEncoding


class Controls(msgspec.Struct, frozen=True, kw_only=True):
    """What is held while a model is fitted, each on its own; None and False: as it is.

    Attributes:
        seeds: of Python's and numpy's global randomness, and of all that asks the system for entropy.
        hash_seed: PYTHONHASHSEED.
        addresses: the same memory addresses in every process, as far as the system gives them.
        clock: seconds since 1970 at which it begins; it goes on by a millisecond a question.
        threads: at most so many, of native libraries and of Python's pools.
        ballast: more objects in memory than usual; what that changes hangs on addresses.
        kernels: the family of processors whose code OpenBLAS takes.
    """

    seeds: int | None = None
    hash_seed: int | None = None
    addresses: bool = False
    clock: float | None = None
    threads: int | None = None
    ballast: int = 0
    kernels: str | None = None


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What the process is handed.

    Attributes:
        project: the folder whose store holds the records and the data.
        tree: the project's folder in the clean work tree.
        version: digest of the model version to be fitted again.
        answer: a folder for `answer.json` and `reference.parquet`.
    """

    project: str
    tree: str
    version: Digest
    answer: str
    controls: Controls


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a fit, or of a record: all that is compared.

    Attributes:
        error: why there is nothing else.
        rows: counts of train, test and dropped, and what names the rows learnt from.
        files: sha256 of each by name.
        answers: sha256 of the reference table.
        kernels: of the libraries that computed; no part of what is compared.
    """

    error: str | None = None
    rows: dict[str, Any] = {}
    encodings: tuple[FeatureEncoding, ...] = ()
    parameters: dict[str, Any] = {}
    files: dict[str, str] = {}
    answers: str | None = None
    metrics: dict[str, float | None] = {}
    kernels: dict[str, str] = {}
