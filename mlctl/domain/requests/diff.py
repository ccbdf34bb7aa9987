"""`mlctl diff`."""

from typing import Any, Literal

import msgspec

from mlctl.domain.evaluation import IncumbentResult

Kind = Literal["data", "rows", "spec", "parameter", "seed", "code", "file", "variable", "package", "machine"]


class DiffRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to compare.

    Attributes:
        old: a model version, a stage or a run.
        new: another; the newest version of the same model if None.
    """

    old: str
    new: str | None = None


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two.

    Attributes:
        label: "demand@3", or "run:01J..." where no version is named.
        version: its number, if it has one.
        created_at: of the run.
    """

    label: str
    run: str
    model: str
    version: int | None
    created_at: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that differs.

    Attributes:
        name: a parameter, a key of the spec, a dataset, a path, a variable, a package.
        old, new: what it is in each; None where one has none of it. Of code and files: what is known of their
            content; values of variables are not kept, only whether they are equal.
    """

    kind: Kind
    name: str
    old: Any
    new: Any


class MetricChange(msgspec.Struct, frozen=True, kw_only=True):
    """A metric on the rows held out of each run.

    Attributes:
        difference: new minus old; None where one has none, or where the two predict different things.
        low, high: 95 % interval of the difference, of the means over seeds where their luck is known; None
            where the two cannot be compared.
        why: this metric alone is not to be compared; "" where it is.
    """

    name: str
    old: float | None
    new: float | None
    difference: float | None
    low: float | None = None
    high: float | None = None
    why: str = ""


class DiffResult(msgspec.Struct, frozen=True, kw_only=True):
    """Only what differs.

    Attributes:
        comparable: whether both predict the same thing and were measured on the same rows of the same data,
            by one split and one weight.
        why: they are not; "" where they are.
        different: whether anything does, metrics included.
        apart: as `eval` would say of the second beside the first: the word, and what more would tell; None
            where they are not comparable, or a run made no version.
    """

    old: Compared
    new: Compared
    changes: tuple[Change, ...]
    metrics: tuple[MetricChange, ...]
    comparable: bool
    different: bool
    apart: IncumbentResult | None = None
    why: str = ""
