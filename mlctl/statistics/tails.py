"""Tail probabilities and quantiles of the few distributions that weekly looks need, by the standard library.

`scipy.special` has the same functions, but importing it takes 0.2 s (it touches every name of numpy): as much
as all that a weekly look computes. The tests hold these beside it.
"""

import math
from functools import lru_cache
from statistics import NormalDist

_SMALL = 1.18  # below, the series of the theta function's other form has fewer terms
_TINY = 1e-300
_EXACT = 1e-15
_TERMS = 100_000
_ROUNDS = 200
_HALF = 0.5


def kolmogorov_tail(value: float) -> float:
    """The chance that sqrt(n) times the Kolmogorov distance exceeds `value`, in the limit of large n.

    Both series of Kolmogorov 1933: 2 sum (-1)^(k-1) exp(-2 k^2 x^2), and, for small x, one minus
    sqrt(2 pi) / x sum exp(-(2k - 1)^2 pi^2 / (8 x^2)).
    """
    if value <= 0.0:
        return 1.0
    if value < _SMALL:
        exponent = -((math.pi / value) ** 2) / 8
        below = sum(math.exp(exponent * odd * odd) for odd in (1, 3, 5, 7))
        return 1.0 - math.sqrt(2 * math.pi) / value * below
    return 2 * sum(sign * math.exp(-2 * (k * value) ** 2) for k, sign in ((1, 1), (2, -1), (3, 1), (4, -1)))


def chi_square_tail(value: float, freedom: int) -> float:
    """The chance that chi-square with so many degrees of freedom (at least 1) exceeds `value`.

    The finite sums for whole degrees of freedom (Abramowitz and Stegun 26.4.4 and 26.4.5): all terms are
    positive, so nothing cancels.
    """
    half = value / 2
    if half <= 0.0:
        return 1.0
    start = (freedom % 2) / 2
    total = math.erfc(math.sqrt(half)) if start else 0.0
    log_half = math.log(half)
    for term in range(freedom // 2):
        power = term + start
        total += math.exp(power * log_half - half - math.lgamma(power + 1))
    return min(total, 1.0)


def binomial_tail(successes: int, trials: int, share: float) -> float:
    """The chance of at least this many successes when each trial succeeds with probability `share`.

    The regularised incomplete beta function I_share(successes, trials - successes + 1), by its continued
    fraction (DLMF 8.17.22) on the side where that converges fast.
    """
    if successes <= 0:
        return 1.0
    if share <= 0.0 or successes > trials:
        return 0.0
    return _incomplete(float(successes), float(trials - successes + 1), share)


@lru_cache(maxsize=4096)
def student_quantile(level: float, freedom: float) -> float:
    """The quantile of Student's t; `level` in (0, 1), `freedom` above 0.

    Newton's method on the logarithm of the tail I_{f / (f + t^2)}(f / 2, 1 / 2) / 2 (Abramowitz and Stegun
    26.7.1), kept between bounds that close in; it starts at the first terms of 26.7.5.
    """
    if level == _HALF:
        return 0.0
    if level > _HALF:
        return -student_quantile(1.0 - level, freedom)
    low, high = 0.0, math.inf
    normal = -NormalDist().inv_cdf(level)
    guess = normal + (normal**3 + normal) / (4 * freedom)
    for _ in range(_ROUNDS):
        tail = student_tail(guess, freedom)
        if tail > level:
            low = guess
        else:
            high = guess
        slope = _student_density(guess, freedom)
        better = guess + math.log(tail / level) * tail / slope if tail > 0.0 and slope > 0.0 else guess / 2
        if not low <= better <= high:
            better = 2 * guess if high == math.inf else (low + high) / 2
        if abs(better - guess) <= _EXACT * guess:
            break
        guess = better
    return -guess


def student_tail(value: float, freedom: float) -> float:
    """The chance that Student's t exceeds `value`, which is at least 0."""
    square = value * value
    part, rest = freedom / (freedom + square), square / (freedom + square)
    if part < (freedom / 2 + 1) / (freedom / 2 + 2.5):
        return _beta(freedom / 2, 0.5, part) / 2
    within = _beta(0.5, freedom / 2, rest) if rest else 0.0  # `rest` has digits that 1 - part lacks
    return (1.0 - within) / 2


def _student_density(value: float, freedom: float) -> float:
    log = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2) - math.log(freedom * math.pi) / 2
    return math.exp(log - (freedom + 1) / 2 * math.log1p(value * value / freedom))


def _incomplete(first: float, second: float, share: float) -> float:
    """The regularised incomplete beta function, by the side whose continued fraction converges fast."""
    if share <= 0.0:
        return 0.0
    if share >= 1.0:
        return 1.0
    if share < (first + 1) / (first + second + 2):
        return _beta(first, second, share)
    return 1.0 - _beta(second, first, 1.0 - share)


def _beta(first: float, second: float, share: float) -> float:
    """I_share(first, second), by Lentz's way to evaluate a continued fraction."""
    front = math.exp(
        math.lgamma(first + second)
        - math.lgamma(first)
        - math.lgamma(second)
        + first * math.log(share)
        + second * math.log1p(-share)
    )
    above, below = 1.0, _away(1.0 - (first + second) * share / (first + 1))
    below = 1.0 / below
    value = below
    for step in range(1, _TERMS):
        even = first + 2 * step
        for factor in (
            step * (second - step) * share / ((even - 1) * even),
            -(first + step) * (first + second + step) * share / (even * (even + 1)),
        ):
            below = 1.0 / _away(1.0 + factor * below)
            above = _away(1.0 + factor / above)
            change = below * above
            value *= change
        if abs(change - 1.0) < _EXACT:
            break
    return min(front * value / first, 1.0)


def _away(value: float) -> float:
    """The same, kept away from zero, which would be divided by."""
    return value if abs(value) > _TINY else _TINY
