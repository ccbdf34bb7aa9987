"""The swaps of one question: which hybrids are asked for, what goes together, and the shares.

What fails to train is joined with the first other thing with which it does. Where there are more things than
fits, they are swapped in groups first, and the group that does most is taken apart.
"""

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from mlctl.domain.errors import UsageError
from mlctl.domain.hybrid import Hybrid
from mlctl.domain.requests.why import HybridFit, Share, WhyResult
from mlctl.learning.kernels import kernels
from mlctl.project.session import Session
from mlctl.reproduction.attempts import NoFitLeft
from mlctl.reproduction.departures import departures, packages_changed
from mlctl.reproduction.hybrids import Hybrids
from mlctl.reproduction.mixing import Pair, Parts, Side, recorded_value, recorded_variables, value_of
from mlctl.reproduction.swaps import Swap, joined
from mlctl.statistics.seeds import Fits, consults_seed, seed_error
from mlctl.statistics.shares import Effect, Subset, effects, wanted
from mlctl.statistics.tails import student_quantile
from mlctl.training.repeats import repeats_of

_PARTNERS = 5
_MUCH = 0.25
_TWICE = 0.975
_PAIR = 2


class Question:
    """One metric's difference.

    Args:
        session: of the project.
        pair: the two runs.
        hybrids: of them.
        metric: whose difference it is.
        fits: at most so many.
    """

    def __init__(self, session: Session, pair: Pair, hybrids: Hybrids, metric: str, fits: int) -> None:
        self._session, self._pair, self._hybrids, self._metric = session, pair, hybrids, metric
        self._most = fits
        self._fits: dict[Parts, HybridFit] = {}
        self._groups: dict[Parts, list[Swap]] = {}
        self._reasons: dict[Parts, tuple[str, ...]] = {}

    def answered(self, result: WhyResult, swaps: list[Swap]) -> WhyResult:
        """The result with all that is found."""
        ends = [self._hybrids.stored(side.version) for side in (self._pair.old, self._pair.new)]
        whole = frozenset().union(*(swap.parts for swap in swaps))
        bases = dict[Parts, Hybrid]()
        for parts, end, side in ((frozenset(), ends[0], self._pair.old), (whole, ends[1], self._pair.new)):
            other = parts == whole and bool(result.not_swapped) and _fixed_variables(self._pair)
            bases[parts] = end if not other and _is_as_it_was(side) else self._fit(parts, swaps)
        swaps, values, errors = self._taken_apart(swaps, bases)
        low, high = (end.metrics.get(self._metric) for end in ends)
        if low is None or high is None:
            raise UsageError(f"{self._metric} is undefined on these rows", "mlctl why --help")
        return self._told(result, swaps, values, errors, (low, high))

    def _taken_apart(
        self, swaps: list[Swap], bases: dict[Parts, Hybrid]
    ) -> tuple[list[Swap], dict[Subset, float], dict[int, tuple[str, ...]]]:
        """As `_settled`, groups that do much taken apart for as long as there are fits."""
        chosen = self._grouped(swaps, groups_for(len(swaps), self._most))
        while True:
            chosen, values, errors = self._settled(chosen, bases)
            left = self._most - self._hybrids.fitted
            found = effects(len(chosen), values)[0]
            order = sorted(range(len(chosen)), key=lambda one: abs(found[one].share or 0.0), reverse=True)
            one = next((one for one in order if chosen[one].parts in self._groups), None)
            if one is None or left < _PAIR * _PAIR:
                return chosen, values, errors
            members = self._groups.pop(chosen[one].parts)
            inner = self._grouped(members, min(len(members), left // _PAIR))
            chosen = [*chosen[:one], *inner, *chosen[one + 1 :]]

    def _grouped(self, swaps: list[Swap], count: int) -> list[Swap]:
        """So many groups of neighbours."""
        found = []
        for members in chunks(swaps, count):
            found.append(joined(members) if len(members) > 1 else members[0])
            if len(members) > 1:
                self._groups[found[-1].parts] = members
        return found

    def _settled(
        self, swaps: list[Swap], bases: dict[Parts, Hybrid]
    ) -> tuple[list[Swap], dict[Subset, float], dict[int, tuple[str, ...]]]:
        """Swaps as they go together, values of subsets, and errors by swap."""
        while True:
            values, errors, lacking = self._values(swaps, bases)
            pair = None if lacking else self._going_together(swaps, errors, bases)
            if pair is None:
                return swaps, values, self._reasons_of(swaps, errors)
            together = joined(swaps[number] for number in pair)
            self._reasons[together.parts] = tuple(
                reason for number in pair for reason in self._reasons_of(swaps, errors).get(number, ())
            )
            rest = [swap for number, swap in enumerate(swaps) if number not in pair]
            swaps = [*rest[: pair[0]], together, *rest[pair[0] :]]

    def _reasons_of(
        self, swaps: list[Swap], errors: dict[int, dict[bool, str]]
    ) -> dict[int, tuple[str, ...]]:
        """Errors by swap, with those for which it was joined of others."""
        found = {}
        for number, swap in enumerate(swaps):
            told = (*self._reasons.get(swap.parts, ()), *errors.get(number, {}).values())
            if told:
                found[number] = tuple(dict.fromkeys(told))
        return found

    def _values(
        self, swaps: list[Swap], bases: dict[Parts, Hybrid]
    ) -> tuple[dict[Subset, float], dict[int, dict[bool, str]], bool]:
        """Values of subsets, errors by swap (True: it alone; False: all but it), whether fits lacked."""
        count, errors, lacking = len(swaps), dict[int, dict[bool, str]](), False
        whole = frozenset(range(count))
        found: dict[Subset, float] = {}
        for subset in (frozenset[int](), whole, *self._wanted(swaps, bases)):
            if errors and 1 < len(subset) < count - 1:
                break  # joined first
            try:
                hybrid = self._hybrid(parts_of(swaps, subset), swaps, bases)
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

    def _wanted(self, swaps: list[Swap], bases: dict[Parts, Hybrid]) -> list[Subset]:
        """All subsets where there are fits enough for them."""
        asked = list(wanted(len(swaps), 2 ** len(swaps)))
        parts = (parts_of(swaps, subset) for subset in asked)
        lacking = sum(one not in bases and not self._hybrids.is_known(one) for one in parts)
        enough = lacking <= self._most - self._hybrids.fitted
        return asked if enough else list(wanted(len(swaps), 0))

    def _going_together(
        self, swaps: list[Swap], errors: dict[int, dict[bool, str]], bases: dict[Parts, Hybrid]
    ) -> tuple[int, int] | None:
        """Two of which one cannot be fitted without the other, in order; None where there are none."""
        whole = frozenset(range(len(swaps)))
        for one in sorted(errors, key=lambda one: not _is_code(swaps[one])):
            said = errors[one]
            for other in sorted(whole - {one}, key=lambda other: _unlikely(swaps[other], said))[:_PARTNERS]:
                both = frozenset({one, other})
                for alone in said:  # one way may still lack a third
                    try:
                        tried = self._hybrid(parts_of(swaps, both if alone else whole - both), swaps, bases)
                    except NoFitLeft:
                        return None
                    if tried.error is None:
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
        errors: dict[int, tuple[str, ...]],
        ends: tuple[float, float],
    ) -> WhyResult:
        count, total = len(swaps), ends[1] - ends[0]
        found, exact = effects(count, values) if count else ([], True)
        low, high = values.get(frozenset(), ends[0]), values.get(frozenset(range(count)), ends[1])
        luck = self._luck(ends)
        shares = [
            _share(swap, effect, total, luck, errors.get(number, ()))
            for number, (swap, effect) in enumerate(zip(swaps, found, strict=True))
        ]
        shares.sort(key=lambda one: -1.0 if one.share is None else abs(one.share), reverse=True)
        known = sum(one.share for one in shares if one.share is not None)
        return msgspec.structs.replace(
            result,
            value_old=ends[0],
            value_new=ends[1],
            difference=total,
            by_rows=_by_rows(result, total),
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
        return None if error is None else student_quantile(_TWICE, error.freedom) * error.error


def _by_rows(result: WhyResult, total: float) -> float | None:
    """What of the recorded difference comes of other test rows."""
    if result.recorded_old is None or result.recorded_new is None:
        return None
    return result.recorded_new - result.recorded_old - total


def _share(swap: Swap, effect: Effect, total: float, luck: float | None, errors: tuple[str, ...]) -> Share:
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
        errors=errors,
    )


def _unlikely(swap: Swap, errors: dict[bool, str]) -> tuple[bool, bool]:
    """Sorts what an error speaks of before all else, then what other things usually need."""
    said = "\n".join(errors.values())
    names = [name.rpartition("/")[2] for _, name in swap.parts if name]
    return not any(name in said for name in names), not _is_code(swap)


def _is_code(swap: Swap) -> bool:
    """Whether others may need it to be fitted at all."""
    return any(change.kind in {"code", "data", "file"} for change in swap.changes)


def groups_for(count: int, fits: int) -> int:
    """In how many groups so many things are swapped first: each alone where each may be first and last."""
    return count if count <= 1 or _PAIR * count <= fits else max(_PAIR, fits // (2 * _PAIR))


def chunks(swaps: Sequence[Swap], count: int) -> list[list[Swap]]:
    """So many runs of neighbours, of nearly the same length."""
    edges = [number * len(swaps) // count for number in range(count + 1)] if count else [0]
    return [list(swaps[begin:end]) for begin, end in pairwise(edges)]


def parts_of(swaps: list[Swap], subset: Subset) -> Parts:
    """Parts that are swapped for a subset."""
    return frozenset().union(*(swaps[one].parts for one in subset))


def _fixed_variables(pair: Pair) -> bool:
    """Whether a variable differs whose values are not both known."""
    for name in recorded_variables(pair.old) | recorded_variables(pair.new):
        old, new = (recorded_value(side, name) for side in (pair.old, pair.new))
        if old is None or new is None or old == new:
            continue
        if not (value_of(name, old)[0] and value_of(name, new)[0]):
            return True
    return False


def _is_as_it_was(side: Side) -> bool:
    """Whether a fit of the run here and now would be the run's own: its code, files, variables, packages."""
    if packages_changed(side.run, side.used, kernels())[1]:
        return False
    if side.used is None:
        return True
    known = {name: value_of(name, recorded_value(side, name) or "")[0] for name in recorded_variables(side)}
    gone = [one for one in departures(side.clean, side.used) if not one.startswith("environment: ")]
    return all(known.values()) and not gone
