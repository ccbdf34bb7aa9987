"""Chi-square: categorical columns, by the table of counts."""

from typing import Any, ClassVar

import numpy as np

from mlctl.contracts.detector import Detection
from mlctl.statistics.tests import chi_square


class ChiSquare:
    """Pearson's test of the 2 x k table of counts; both samples are noisy, rare values count together."""

    name: ClassVar[str] = "chi2"
    columns: ClassVar[str] = "categorical"

    def compare(self, reference: Any, current: Any) -> Detection:
        """The statistic, from 0, and its p-value."""
        value, p_value = chi_square(np.asarray(reference), np.asarray(current))
        return Detection(value=value, p_value=p_value)
