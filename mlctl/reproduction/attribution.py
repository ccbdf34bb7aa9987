"""The heavy half of `why`: hybrids of two runs, and what each difference does to the metric.

Here are the two runs, the rows and the plan; `swapped` asks for hybrids and shares the difference out.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from mlctl.domain.errors import UsageError
from mlctl.domain.metric import DEFAULTS, METRICS, QUANTILE_METRICS, first_judged
from mlctl.domain.requests.why import HybridFit, Share, WhyRequest, WhyResult
from mlctl.evidence.telling import costs_apart
from mlctl.project.session import Session
from mlctl.project.spec_of import spec_of
from mlctl.reproduction.clean_project import clean_project, require_code, require_data, used_of
from mlctl.reproduction.departures import departures
from mlctl.reproduction.hybrids import Hybrids
from mlctl.reproduction.mixing import Pair, Side
from mlctl.reproduction.named_runs import Named
from mlctl.reproduction.scored_rows import ScoredRows, scored_rows
from mlctl.reproduction.swapped import Question, chunks, groups_for, parts_of
from mlctl.reproduction.swaps import Swap, joined, swaps_of
from mlctl.statistics.shares import wanted
from mlctl.training.asked import metric_names
from mlctl.training.learnt import learnt_by

_FEW_ROWS = 30


def attribute(
    session: Session, request: WhyRequest, old: Named, new: Named
) -> tuple[WhyResult, tuple[str, ...], bool]:
    """The result, warnings, and whether asking again would tell the same: nothing was lacking or has changed.

    Raises:
        UsageError: the two predict different things, or there are no rows to compare them on.
        Missing, NotFound, Incomplete, ...: code or data of one are gone.
    """
    _require_alike(old, new)
    for one in (old, new):
        _require_uses(session, one)
    with _pair(session, old, new) as pair:
        learnt = [learnt_by(session, side.run, side.version) for side in (pair.old, pair.new)]
        scored = scored_rows(learnt[0], learnt[1], new.told.label)
        metrics, metric = _metrics(request, pair)
        swaps, fixed = swaps_of(session, pair)
        result = WhyResult(
            old=old.told,
            new=new.told,
            metric=metric,
            better=METRICS[metric].better,
            rows=scored.table.num_rows,
            left_out=scored.left_out,
            recorded_old=old.run.metrics.get(metric),
            recorded_new=new.run.metrics.get(metric),
            not_swapped=tuple(fixed),
            dry_run=request.dry_run,
        )
        with Hybrids(session, pair, scored, metrics, most=request.fits) as hybrids:
            warnings = _warnings(pair, scored)
            if request.dry_run:
                return _planned(result, hybrids, swaps, request.fits), warnings, False
            answer = Question(session, pair, hybrids, metric, request.fits).answered(result, swaps)
            whole = hybrids.lasting and not any(_gone(side) for side in (pair.old, pair.new))
            return answer, warnings, whole


def _planned(result: WhyResult, hybrids: Hybrids, swaps: list[Swap], fits: int) -> WhyResult:
    planned = []
    first = [joined(members) for members in chunks(swaps, groups_for(len(swaps), fits))]
    asked = [parts_of(first, subset) for subset in wanted(len(first), 2 ** len(first))]
    known = {parts for parts in asked if hybrids.is_known(parts)}
    if len(asked) - len(known) > fits:
        asked = [parts_of(first, subset) for subset in wanted(len(first), 0)]
    for parts in asked:
        taken = tuple(swap.name for swap in swaps if swap.parts <= parts)
        planned.append(HybridFit(taken=taken, source="kept" if parts in known else ""))
    shares = tuple(Share(name=swap.name, changes=swap.changes) for swap in swaps)
    return msgspec.structs.replace(
        result, shares=shares, fits=tuple(planned), changed=any(not one.source for one in planned)
    )


@contextmanager
def _pair(session: Session, old: Named, new: Named) -> Iterator[Pair]:
    used = [used_of(session, one.run) for one in (old, new)]
    for one, own in zip((old, new), used, strict=True):
        require_code(session, one.run, code_ran=own is not None)
        require_data(session, one.run)
    with (
        clean_project(session, old.run, used[0]) as first,
        clean_project(session, new.run, used[1]) as second,
    ):
        sides = []
        for named, own, clean in ((old, used[0], first), (new, used[1], second)):
            sides.append(
                Side(
                    told=named.told,
                    run=named.run,
                    digest=named.digest,
                    version=named.version,
                    spec=spec_of(session, named.run),
                    used=own,
                    paths=_data_paths(session, named),
                    clean=clean,
                )
            )
        yield Pair(old=sides[0], new=sides[1])


def _data_paths(session: Session, named: Named) -> frozenset[str]:
    versions = require_data(session, named.run)
    return frozenset(one.path for one in versions if one.path is not None and one.shape == "file")


def _require_alike(old: Named, new: Named) -> None:
    one, other = old.version.signature, new.version.signature
    for what in ("target", "task", "quantile", "positive"):
        mine, theirs = getattr(one, what), getattr(other, what)
        if mine != theirs:
            labels = old.told.label, new.told.label
            raise UsageError(
                f"{labels[0]} and {labels[1]} cannot be compared: their {what} is {mine} and {theirs}",
                f"mlctl diff {labels[0]} {labels[1]}",
            )


def _require_uses(session: Session, named: Named) -> None:
    """That code which ran is on record: else it would be today's that is fitted."""
    spec = spec_of(session, named.run)
    if (spec.build is not None or spec.command is not None) and named.run.used is None:
        label = named.told.label
        raise UsageError(
            f"{label} has run code of the project, and its record does not say which: an older mlctl made it",
            f"mlctl train {named.told.model} --no-cache",
            run=named.run.run,
        )


def _metrics(request: WhyRequest, pair: Pair) -> tuple[tuple[str, ...], str]:
    """All that are measured, and the one that is asked for.

    Raises:
        UsageError: there is no such metric for the task.
    """
    signature = pair.new.version.signature
    task, apart = signature.judged_as, costs_apart(signature, pair.old.version.signature, pair.old.told.label)
    declared = metric_names(pair.new.spec, task)
    if apart and request.metric == "cost":
        raise UsageError(apart, f"mlctl diff {pair.old.told.label} {pair.new.told.label}")
    if apart:
        declared = tuple(name for name in declared if name != "cost") or DEFAULTS[task]
    seldom = QUANTILE_METRICS.keys() - {*declared, request.metric}
    able = tuple(name for name, metric in METRICS.items() if task in metric.tasks and name not in seldom)
    able = tuple(name for name in able if name != "cost" or not apart)
    if request.metric is None:
        known = pair.new.run.metrics
        return able, first_judged(declared, probabilities=known.get(declared[0]) is not None)
    if request.metric not in able:
        raise UsageError(
            f"--metric {request.metric}: a {task} has {', '.join(able)}", "mlctl why --help", metrics=able
        )
    return able, request.metric


def _warnings(pair: Pair, scored: ScoredRows) -> tuple[str, ...]:
    told = [f"{side.told.label}: {one}" for side in (pair.old, pair.new) for one in side.clean.warnings]
    apart = costs_apart(pair.new.version.signature, pair.old.version.signature, pair.old.told.label)
    told += [apart] if apart else []
    for side in (pair.old, pair.new):
        told += [f"{side.told.label} is not there as it was: {one}" for one in _gone(side)]
        if side.used is not None:
            told += [f"{side.told.label}: {one}" for one in (*side.used.blind, *side.used.live)]
    if scored.table.num_rows < _FEW_ROWS:
        told.append(f"{scored.table.num_rows} rows are few to compare on")
    return tuple(dict.fromkeys(told))


def _gone(side: Side) -> list[str]:
    """Code and files that are not as the run used them."""
    return [one for one in departures(side.clean, side.used) if not one.startswith("environment: ")]
