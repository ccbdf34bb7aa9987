"""The heavy half of `why`: hybrids of two runs, and what each difference does to the metric.

What fails to train is joined with the first other thing with which it does, and told by its error.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from scipy.special import stdtrit

from mlctl.domain.errors import UsageError
from mlctl.domain.hybrid import Hybrid
from mlctl.domain.metric import METRICS, first_judged
from mlctl.domain.requests.why import HybridFit, Share, WhyRequest, WhyResult
from mlctl.statistics.seeds import Fits, consults_seed, seed_error
from mlctl.statistics.shares import Effect, Subset, effects, wanted
from mlctl.verbs.asked import metric_names
from mlctl.verbs.attempts import NoFitLeft
from mlctl.verbs.clean_project import clean_project, require_code, require_data, used_of
from mlctl.verbs.departures import departures, packages_changed
from mlctl.verbs.hybrids import Hybrids
from mlctl.verbs.learnt import learnt_by
from mlctl.verbs.mixing import Pair, Parts, Side, recorded_value, recorded_variables, value_of
from mlctl.verbs.repeats import repeats_of
from mlctl.verbs.scored_rows import ScoredRows, scored_rows
from mlctl.verbs.session import Session
from mlctl.verbs.spec_of import spec_of
from mlctl.verbs.swaps import Swap, joined, swaps_of
from mlctl.verbs.why import Named

_PARTNERS = 5
_MUCH = 0.25
_TWICE = 0.975
_FEW_ROWS = 30


def attribute(
    session: Session, request: WhyRequest, old: Named, new: Named
) -> tuple[WhyResult, tuple[str, ...]]:
    """The result, and warnings.

    Raises:
        UsageError: the two predict different things, or there are no rows to compare them on.
        Missing, NotFound, Incomplete, ...: code or data of one are gone.
    """
    _require_alike(old, new)
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
            if request.dry_run:
                return _planned(result, hybrids, swaps, request.fits), _warnings(pair, scored)
            question = _Question(session, pair, hybrids, metric)
            return question.answered(result, swaps), _warnings(pair, scored)


class _Question:
    """One metric's difference."""

    def __init__(self, session: Session, pair: Pair, hybrids: Hybrids, metric: str) -> None:
        self._session, self._pair, self._hybrids, self._metric = session, pair, hybrids, metric
        self._fits: dict[Parts, HybridFit] = {}

    def answered(self, result: WhyResult, swaps: list[Swap]) -> WhyResult:
        """The result with all that is found."""
        ends = [self._hybrids.stored(side.version) for side in (self._pair.old, self._pair.new)]
        whole = frozenset().union(*(swap.parts for swap in swaps))
        bases = dict[Parts, Hybrid]()
        for parts, end, side in ((frozenset(), ends[0], self._pair.old), (whole, ends[1], self._pair.new)):
            other = parts == whole and bool(result.not_swapped) and _fixed_variables(self._pair)
            bases[parts] = end if not other and _is_as_it_was(side) else self._fit(parts, swaps)
        swaps, values, errors = self._settled(swaps, bases)
        low, high = (end.metrics.get(self._metric) for end in ends)
        if low is None or high is None:
            raise UsageError(f"{self._metric} is undefined on these rows", "mlctl why --help")
        return self._told(result, swaps, values, errors, (low, high))

    def _settled(
        self, swaps: list[Swap], bases: dict[Parts, Hybrid]
    ) -> tuple[list[Swap], dict[Subset, float], dict[int, list[str]]]:
        """Swaps as they go together, values of subsets, and errors by swap."""
        while True:
            values, errors, lacking = self._values(swaps, bases)
            pair = None if lacking else self._going_together(swaps, errors, bases)
            if pair is None:
                return swaps, values, {one: list(found.values()) for one, found in errors.items()}
            rest = [swap for number, swap in enumerate(swaps) if number not in pair]
            swaps = [*rest[: pair[0]], joined(swaps[number] for number in pair), *rest[pair[0] :]]

    def _values(
        self, swaps: list[Swap], bases: dict[Parts, Hybrid]
    ) -> tuple[dict[Subset, float], dict[int, dict[bool, str]], bool]:
        """Values of subsets, errors by swap (True: it alone; False: all but it), whether fits lacked."""
        count, errors, lacking = len(swaps), dict[int, dict[bool, str]](), False
        whole = frozenset(range(count))
        found: dict[Subset, float] = {}
        for subset in (frozenset[int](), whole, *wanted(count, 2**count)):
            if errors and 1 < len(subset) < count - 1:
                break  # joined first
            try:
                hybrid = self._hybrid(_parts(swaps, subset), swaps, bases)
            except NoFitLeft:
                lacking = True
                continue
            number = hybrid.metrics.get(self._metric)
            if number is not None:
                found[subset] = number
            elif len(subset) == 1:
                errors.setdefault(min(subset), {})[True] = hybrid.error or f"{self._metric} is undefined"
            elif len(subset) == count - 1:
                errors.setdefault(min(whole - subset), {})[False] = hybrid.error or "undefined"
        return found, errors, lacking

    def _going_together(
        self, swaps: list[Swap], errors: dict[int, dict[bool, str]], bases: dict[Parts, Hybrid]
    ) -> tuple[int, int] | None:
        """Two of which one cannot be fitted without the other, in order; None where there are none."""
        whole = frozenset(range(len(swaps)))
        for one, said in errors.items():
            for other in sorted(whole - {one}, key=lambda other: _unlikely(swaps[other], said))[:_PARTNERS]:
                both = frozenset({one, other})
                asked = [_parts(swaps, both if alone else whole - both) for alone in said]
                try:
                    tried = [self._hybrid(parts, swaps, bases) for parts in asked]
                except NoFitLeft:
                    return None
                if all(hybrid.error is None for hybrid in tried):
                    return min(both), max(both)
        return None

    def _hybrid(self, parts: Parts, swaps: list[Swap], bases: dict[Parts, Hybrid]) -> Hybrid:
        return bases[parts] if parts in bases else self._fit(parts, swaps)

    def _fit(self, parts: Parts, swaps: list[Swap]) -> Hybrid:
        taken = tuple(swap.name for swap in swaps if swap.parts <= parts)
        names = " and ".join(taken) or "nothing"
        step = f"fit {self._pair.old.told.label} with {names} of {self._pair.new.told.label}"
        found = self._hybrids.hybrid(parts, step)
        self._fits[parts] = HybridFit(
            taken=taken,
            value=found.metrics.get(self._metric),
            source=self._hybrids.sources[parts],
            seconds=found.seconds,
            error=found.error,
        )
        return found

    def _told(
        self,
        result: WhyResult,
        swaps: list[Swap],
        values: dict[Subset, float],
        errors: dict[int, list[str]],
        ends: tuple[float, float],
    ) -> WhyResult:
        count, total = len(swaps), ends[1] - ends[0]
        found, exact = effects(count, values) if count else ([], True)
        low, high = values.get(frozenset(), ends[0]), values.get(frozenset(range(count)), ends[1])
        luck = self._luck(ends)
        shares = [
            _share(swap, effect, total, luck, errors.get(number, []))
            for number, (swap, effect) in enumerate(zip(swaps, found, strict=True))
        ]
        shares.sort(key=lambda one: -1.0 if one.share is None else abs(one.share), reverse=True)
        known = sum(one.share for one in shares if one.share is not None)
        return msgspec.structs.replace(
            result,
            value_old=ends[0],
            value_new=ends[1],
            difference=total,
            shares=tuple(shares),
            exact=exact,
            together=0.0 if exact or not count else (high - low) - known,
            rest=total - (high - low) if count else total,
            luck=luck,
            fits=tuple(self._fits.values()),
            changed=bool(self._hybrids.fitted),
        )

    def _luck(self, ends: tuple[float, float]) -> float | None:
        """Half the interval of a difference that seeds alone make."""
        sides = []
        for side, end in zip((self._pair.old, self._pair.new), ends, strict=True):
            repeats = [one.metrics.get(self._metric) for one in repeats_of(self._session, side.digest)]
            known = [one for one in (side.run.metrics.get(self._metric), *repeats) if one is not None]
            asks = consults_seed(side.version.estimator, side.version.parameters, side.version.rows)
            sides.append(Fits(values=[end], varies=asks, elsewhere=known))
        error = seed_error(*sides)
        return None if error is None else float(stdtrit(error.freedom, _TWICE)) * error.error


def _share(swap: Swap, effect: Effect, total: float, luck: float | None, errors: list[str]) -> Share:
    first, last = effect.first, effect.last
    much = max(abs(total), abs(effect.share or 0.0)) * _MUCH
    return Share(
        name=swap.name,
        changes=swap.changes,
        share=effect.share,
        first=first,
        last=last,
        interacts=first is not None and last is not None and abs(first - last) > much > 0,
        within_luck=None if luck is None or effect.share is None else abs(effect.share) <= luck > 0,
        errors=tuple(errors),
    )


def _unlikely(swap: Swap, errors: dict[bool, str]) -> tuple[bool, bool]:
    """Sorts what an error speaks of before all else, then what other things usually need."""
    said = "\n".join(errors.values())
    names = [name.rpartition("/")[2] for _, name in swap.parts if name]
    kinds = {change.kind for change in swap.changes}
    return not any(name in said for name in names), not kinds & {"code", "data", "file"}


def _parts(swaps: list[Swap], subset: Subset) -> Parts:
    return frozenset().union(*(swaps[one].parts for one in subset))


def _planned(result: WhyResult, hybrids: Hybrids, swaps: list[Swap], fits: int) -> WhyResult:
    planned, left = [], fits
    for subset in wanted(len(swaps), 2 ** len(swaps)):
        parts = _parts(swaps, subset)
        known = hybrids.is_known(parts)
        left -= not known
        if left < 0:
            break
        taken = tuple(swap.name for swap in swaps if swap.parts <= parts)
        planned.append(HybridFit(taken=taken, source="kept" if known else ""))
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
    for what in ("target", "task", "positive"):
        mine, theirs = getattr(one, what), getattr(other, what)
        if mine != theirs:
            labels = old.told.label, new.told.label
            raise UsageError(
                f"{labels[0]} and {labels[1]} cannot be compared: their {what} is {mine} and {theirs}",
                f"mlctl diff {labels[0]} {labels[1]}",
            )


def _metrics(request: WhyRequest, pair: Pair) -> tuple[tuple[str, ...], str]:
    """All that are measured, and the one that is asked for.

    Raises:
        UsageError: there is no such metric for the task.
    """
    task = pair.new.version.signature.task
    able = tuple(name for name, metric in METRICS.items() if task in metric.tasks)
    if request.metric is None:
        known = pair.new.run.metrics
        declared = metric_names(pair.new.spec, task)
        return able, first_judged(declared, probabilities=known.get(declared[0]) is not None)
    if request.metric not in able:
        raise UsageError(
            f"--metric {request.metric}: a {task} has {', '.join(able)}", "mlctl why --help", metrics=able
        )
    return able, request.metric


def _fixed_variables(pair: Pair) -> bool:
    """Whether a variable differs whose values are not both known."""
    for name in recorded_variables(pair.old) & recorded_variables(pair.new):
        digests = [recorded_value(side, name) or "" for side in (pair.old, pair.new)]
        if digests[0] != digests[1] and not all(value_of(name, digest)[0] for digest in digests):
            return True
    return False


def _is_as_it_was(side: Side) -> bool:
    """Whether a fit of the run here and now would be the run's own: its code, files, variables, packages."""
    if packages_changed(side.run, side.used)[1]:
        return False
    if side.used is None:
        return True
    known = {name: value_of(name, recorded_value(side, name) or "")[0] for name in recorded_variables(side)}
    gone = [one for one in departures(side.clean, side.used) if not one.startswith("environment: ")]
    return all(known.values()) and not gone


def _warnings(pair: Pair, scored: ScoredRows) -> tuple[str, ...]:
    told = [f"{side.told.label}: {one}" for side in (pair.old, pair.new) for one in side.clean.warnings]
    for side in (pair.old, pair.new):
        if side.used is not None:
            gone = [one for one in departures(side.clean, side.used) if not one.startswith("environment: ")]
            told += [f"{side.told.label} is not there as it was: {one}" for one in gone]
            told += [f"{side.told.label}: {one}" for one in (*side.used.blind, *side.used.live)]
    if scored.table.num_rows < _FEW_ROWS:
        told.append(f"{scored.table.num_rows} rows are few to compare on")
    return tuple(dict.fromkeys(told))
