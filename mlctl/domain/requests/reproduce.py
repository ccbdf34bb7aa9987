"""`mlctl reproduce`."""

from typing import Literal

import msgspec

Place = Literal["fit", "rows", "encodings", "parameters", "files", "answers", "metrics"]
"""What is compared, in this order; "fit": there is nothing to compare, the fit failed."""

Cause = Literal[
    "seed", "threads", "hash order", "time stamp", "library build", "code or data changed", "unknown"
]


class ReproduceRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to fit again.

    Attributes:
        selector: a run, a model version or a stage; the newest version of the only model if None.
        fits: at most so many; 1 compares and looks for no cause.
        dry_run: say what would be done.
    """

    selector: str | None = None
    fits: int = 30
    dry_run: bool = False


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One place, in the record and in the first fit.

    Attributes:
        told: what was compared ("300 rows", "model.skops"), or what differs.
    """

    place: Place
    equal: bool
    told: str


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One fit.

    Attributes:
        held: what was held for it: "" nothing, "hash seed 0", "one thread", ...
        as_recorded: whether it gave what the record says.
        like: number of the first attempt that it equals; its own where it equals none.
    """

    number: int
    held: str
    as_recorded: bool
    like: int
    seconds: float
    error: str | None = None


class ReproduceResult(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the same came of it.

    Attributes:
        label: "demand@3", or "run:01J..." where no version is named.
        digest: of the model version that was compared with.
        equal: bit for bit; None where nothing was fitted (`dry_run`).
        place: the first that differs.
        cause: its class; None where equal, or where `fits` left no room to look for it.
        proof: how the class was found.
        compared: all places, in order.
        attempts: all fits, in order.
        departures: what the run used and is not as it was: code, files, variables.
        packages: versions that differ, "numpy 2.0 -> 2.1".
        remarks: what could not be brought back, where the answer is no; a warning otherwise.
        code: where the code came from, in words.
        data: labels of the dataset versions.
        kernels: native libraries that computed, of the first fit.
        recorded: digest of the fact that tells of it (`mlctl show`); None where nothing was fitted.
        changed: whether that fact is new; the same outcome in the same environment is not told twice.
    """

    run: str
    model: str
    label: str
    digest: str
    purpose: str
    seed: int
    equal: bool | None
    place: Place | None = None
    cause: Cause | None = None
    proof: str = ""
    compared: tuple[Compared, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    departures: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    code: str = ""
    data: tuple[str, ...] = ()
    kernels: dict[str, str] = {}
    recorded: str | None = None
    changed: bool = False
    dry_run: bool = False
