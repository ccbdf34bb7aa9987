"""Quantiles of weighted numbers: those of numbers that stand there as often as their weights say."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def quantile(values: Array, level: float, weights: Array | None = None) -> float:
    """The averaged inverse of the distribution: of all numbers that make the pinball loss least, the middle.

    Type 2 of Hyndman and Fan ("Sample quantiles in statistical packages", The American Statistician 50,
    1996); at 0.5 the median.

    Args:
        values: at least one.
        level: above 0 and below 1.
        weights: not all 0; None for equal ones.
    """
    order = np.argsort(values, kind="stable")
    running = np.cumsum(np.ones(len(values)) if weights is None else weights[order])
    wanted = level * running[-1]
    slack = 1e-12 * running[-1]  # 0.1 * 30 is a little more than 3
    low, high = np.argmax(running >= wanted - slack), np.argmax(running > wanted + slack)
    return float((values[order][low] + values[order][high]) / 2)
