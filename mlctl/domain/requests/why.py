"""`mlctl why`."""

import msgspec

from mlctl.domain.requests.diff import Change, Compared


class WhyRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to explain.

    Attributes:
        old: a model version, a stage or a run.
        new: another; the newest version of the same model if None.
        metric: whose difference is attributed; the first declared one of the new version if None.
        fits: at most so many.
        dry_run: say what would be fitted.
    """

    old: str
    new: str | None = None
    metric: str | None = None
    fits: int = 20
    dry_run: bool = False


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that differs, and what it does to the metric.

    Attributes:
        name: "parameter alpha", "code parts/wind.py"; of things that only go together, all of them.
        changes: what differs, as `diff` tells it.
        share: its part of the difference, with the sign; None where no fit could tell.
        first: what it alone does to the old one; last: what it does where all else is the new one's already.
        interacts: whether first and last differ much: what it does depends on the others.
        within_luck: whether the share is no more than the seed's luck; None where that is not known.
        errors: why a fit with it, or without it, failed; of things that only go together, why they do.
    """

    name: str
    changes: tuple[Change, ...]
    share: float | None = None
    first: float | None = None
    last: float | None = None
    interacts: bool = False
    within_luck: bool | None = None
    errors: tuple[str, ...] = ()


class HybridFit(msgspec.Struct, frozen=True, kw_only=True):
    """One fit, planned or made.

    Attributes:
        taken: names of the shares that are the new one's; the rest is the old one's.
        value: of the metric; None where it failed, or has not been fitted.
        source: "fitted" now, "kept" from an earlier `why`, a "run" of the store; "" where planned.
    """

    taken: tuple[str, ...]
    value: float | None = None
    source: str = ""
    seconds: float = 0.0
    error: str | None = None


class WhyResult(msgspec.Struct, frozen=True, kw_only=True):
    """Where the difference comes from.

    Attributes:
        metric: whose difference it is.
        better: "lower", "higher" or "zero".
        rows: that all were scored on: of the new one's test rows those that neither has learnt from.
        left_out: test rows of the new one that the old one has learnt from.
        value_old, value_new: of the metric on these rows; None in a dry run.
        recorded_old, recorded_new: each on all test rows of its own, as its run recorded it.
        difference: new minus old, on these rows.
        by_rows: what of the recorded difference is not that of these rows: the two were measured on others.
        shares: the largest first.
        exact: whether shares are Shapley values over all subsets; else means of first and last.
        together: what the shares do not add up to, since they interact; 0 where exact.
        rest: what is left unexplained, by what was not swapped.
        not_swapped: what differs and cannot be swapped here: packages, the machine, ...
        luck: half the 95 % interval of the difference of two fits that differ by their seed alone; 0 where no
            seed is asked; None where it is not known.
        fits: in order.
        changed: whether anything was fitted.
    """

    old: Compared
    new: Compared
    metric: str
    better: str
    rows: int
    left_out: int
    value_old: float | None = None
    value_new: float | None = None
    recorded_old: float | None = None
    recorded_new: float | None = None
    difference: float | None = None
    by_rows: float | None = None
    shares: tuple[Share, ...] = ()
    exact: bool = False
    together: float = 0.0
    rest: float = 0.0
    not_swapped: tuple[Change, ...] = ()
    luck: float | None = None
    fits: tuple[HybridFit, ...] = ()
    changed: bool = False
    dry_run: bool = False
