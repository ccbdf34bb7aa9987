"""Kolmogorov-Smirnov: numeric columns, by the largest distance between distribution functions."""

from typing import Any, ClassVar

import numpy as np

from mlctl.contracts.detector import Detection
from mlctl.statistics.tests import kolmogorov_smirnov


class KolmogorovSmirnov:
    """The two-sample test as `scipy.stats.ks_2samp`, two-sided."""

    name: ClassVar[str] = "ks"
    columns: ClassVar[str] = "numeric"

    def compare(self, reference: Any, current: Any) -> Detection:
        """The distance, from 0 to 1, and its p-value."""
        value, p_value = kolmogorov_smirnov(
            np.asarray(reference, np.float64), np.asarray(current, np.float64)
        )
        return Detection(value=value, p_value=p_value)
