"""Why a fit did not give what the record says: found by fits under control, never guessed.

Where two fits alike differ, all is held, then one thing is let vary at a time; what changes the result is
held alone, and the two fits then agree. Where they agree with each other and not with the record, something
was different then: the clock and the number of threads are tried as they were, and what the run used is
compared with what there is now.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from mlctl.domain.replay import Controls, Replayed
from mlctl.domain.requests.reproduce import Cause
from mlctl.domain.run import Run
from mlctl.learning.kernels import OPENBLAS
from mlctl.reproduction.attempts import Attempts, NoFitLeft, told
from mlctl.reproduction.comparing import same
from mlctl.workspace.environment import environment

_ORDER: tuple[Cause, ...] = ("seed", "hash order", "time stamp", "threads")
_LATER = (400 * 86_400 + 3_661.137, 33 * 86_400 + 18_130.731)
"""Seconds: another year, month, day, weekday, hour, minute and second."""
_RACES = 3
_BALLASTS = (3, 7)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A class, and how it was found."""

    cause: Cause
    proof: str


class Then(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the record beside the fits.

    Attributes:
        departures: of what the run used.
        packages: versions that differ; `computed`: some of them took part in the fit.
        live: what it asked and no trace could tell a change of.
    """

    run: Run
    departures: tuple[str, ...]
    packages: tuple[str, ...]
    computed: bool
    live: tuple[str, ...] = ()


def cause_of(attempts: Attempts, then: Then) -> Found | None:
    """The class of a divergence, after a first fit that held nothing; None where no fit was left."""
    first = attempts.fits[0]
    try:
        if first.error is not None:
            return _of_failure(first, then)
        if same(attempts.fit(Controls()), first):
            return _of_another_state(attempts, then)
        return _of_chance(attempts, then.run)
    except NoFitLeft:
        return None


def _of_failure(first: Replayed, then: Then) -> Found:
    missing = "ModuleNotFoundError" in str(first.error) or "NotInstalled" in str(first.error)
    if then.departures:
        return Found(cause="code or data changed", proof=f"the fit fails, and {then.departures[0]}")
    if then.computed or (missing and then.packages):
        return Found(cause="library build", proof=f"the fit fails, and {then.packages[0]}")
    return Found(cause="unknown", proof="the fit fails, and all that the run used is as it was")


def _of_chance(attempts: Attempts, run: Run) -> Found:
    """Two fits alike differ."""
    held = _everything(run)
    still = attempts.fit(held)
    known: list[Cause] = []
    for cause in _ORDER:
        if still.error is None and not _matters(attempts, held, still, cause, run):
            continue
        if still.error is None:
            known.append(cause)
        if _agree(attempts, only := _held_for(held, (cause,))):
            return Found(cause=cause, proof=_apart(only))
        if cause == "hash order" and known and (hangs := _by_address(attempts, held, still)) is not None:
            return hangs
    if len(known) > 1 and _agree(attempts, only := _held_for(held, tuple(known))):
        return Found(cause=known[0], proof=f"{_apart(only)}: {' and '.join(known)}, each of them matters")
    if still.error is None and same(attempts.fit(held), still):
        return Found(cause="unknown", proof=f"{_apart(held)}; nothing of it is enough alone")
    return Found(cause="unknown", proof=f"two fits as they are differ, and with {told(held)} they still do")


def _by_address(attempts: Attempts, held: Controls, still: Replayed) -> Found | None:
    """A result that hangs on addresses is changed by whatever allocates, so by what means nothing as well.

    Where all that is held does not make two fits agree, everything seems to matter: that is no finding.
    """
    if not same(attempts.fit(held), still):
        return Found(cause="unknown", proof=f"two fits differ even with {told(held)}")
    for ballast in _BALLASTS:
        more = msgspec.structs.replace(held, ballast=ballast)
        found = attempts.fit(more)
        if found.error is None and not same(found, still):
            changed = f"{ballast} objects more of each size in memory change the result"
            return Found(cause="hash order", proof=f"with {told(held)} held, {changed}")
    return None


def _apart(held: Controls) -> str:
    return f"two fits as they are differ; with {told(held)} they agree"


def _of_another_state(attempts: Attempts, then: Then) -> Found:
    """Two fits agree, and the record is another."""
    proven = _as_it_was(attempts, then.run)
    if proven is not None:
        return proven
    if then.departures:
        return Found(cause="code or data changed", proof="; ".join(then.departures[:3]))
    if then.computed:
        return Found(cause="library build", proof="; ".join(then.packages[:3]))
    sensitive = _sensitive(attempts, then.run)
    if sensitive is not None:
        return sensitive
    if then.packages:
        return Found(cause="library build", proof="; ".join(then.packages[:3]))
    known = "; ".join(then.live) or "all that the run used is as it was"
    return Found(cause="unknown", proof=f"fits agree with each other, and {known}")


def _as_it_was(attempts: Attempts, run: Run) -> Found | None:
    """What makes the record come out when it is set as it was; what is known to differ first."""
    then, now = (_families(one.kernels) for one in (attempts.record, attempts.fits[0]))
    cpus = run.environment.cpus
    tried: list[tuple[Cause, Controls]] = []
    if len(then) == 1 and then != now:
        tried.append(("library build", Controls(kernels=min(then))))
    if cpus != environment().cpus:
        tried.append(("threads", Controls(threads=cpus)))
    for cause, controls in (*tried, ("time stamp", Controls(clock=_begin(run)))):
        if same(attempts.fit(controls), attempts.record):
            return Found(cause=cause, proof=f"with {told(controls)}, as it was then, the record comes out")
    return None


def _families(kernels: Mapping[str, str]) -> set[str]:
    """Families of processors for which OpenBLAS computed."""
    return {one.split()[-1] for one in kernels.get(OPENBLAS, "").split(", ") if one}


def _sensitive(attempts: Attempts, run: Run) -> Found | None:
    """What changes the result when it alone is held."""
    for cause in _ORDER:
        for controls in _variations(Controls(), cause, run):
            varied = attempts.fit(controls)
            if varied.error is None and not same(varied, attempts.fits[0]):
                return Found(cause=cause, proof=f"with {told(controls)} something else comes out")
    return None


def _everything(run: Run) -> Controls:
    return Controls(seeds=run.seed, hash_seed=0, addresses=True, clock=_begin(run), threads=1)


def _held_for(held: Controls, causes: tuple[Cause, ...]) -> Controls:
    """Only what belongs to these classes."""
    return Controls(
        seeds=held.seeds if "seed" in causes else None,
        hash_seed=held.hash_seed if "hash order" in causes else None,
        addresses="hash order" in causes,
        clock=held.clock if "time stamp" in causes else None,
        threads=held.threads if "threads" in causes else None,
    )


def _variations(held: Controls, cause: Cause, run: Run) -> Iterator[Controls]:
    """The same with one thing varied; where nothing is held, with that thing held."""
    replaced = msgspec.structs.replace
    if cause == "seed":
        yield replaced(held, seeds=run.seed + (held.seeds is not None))
    elif cause == "hash order":
        yield from (replaced(held, hash_seed=seed, addresses=False) for seed in (1, 2, 3))
    elif cause == "time stamp":
        yield from (replaced(held, clock=_begin(run) + later) for later in _LATER)
        if held.clock is not None:  # a span of time is the same on every date
            yield replaced(held, clock=None)
    elif held.threads is None:
        yield replaced(held, threads=1)
    else:
        yield from (replaced(held, threads=None) for _ in range(_RACES))


def _matters(attempts: Attempts, held: Controls, still: Replayed, cause: Cause, run: Run) -> bool:
    """Whether it is another result when this is let vary, and all else is held."""
    varied = (attempts.fit(controls) for controls in _variations(held, cause, run))
    return any(one.error is None and not same(one, still) for one in varied)


def _agree(attempts: Attempts, controls: Controls) -> bool:
    first = attempts.fit(controls)
    return first.error is None and same(attempts.fit(controls), first)


def _begin(run: Run) -> float:
    return datetime.fromisoformat(run.started_at).timestamp()
