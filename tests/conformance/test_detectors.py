import numpy as np
import pytest

from mlctl.builtin.detectors.chi2 import ChiSquare
from mlctl.builtin.detectors.ks import KolmogorovSmirnov
from mlctl.contracts.detector import Detection
from mlctl.contracts.registry import load, names
from mlctl.testing.detector_checks import check_detector


@pytest.mark.parametrize("detector", [KolmogorovSmirnov(), ChiSquare()], ids=lambda detector: detector.name)
def test_every_shipped_detector_keeps_the_contract(detector):
    check_detector(detector)


def test_the_shipped_detectors_are_found_by_entry_point_under_their_own_names():
    assert {"ks", "chi2"} <= set(names("detectors"))
    for name in ("ks", "chi2"):
        assert load("detectors", name).name == name


class Broken(KolmogorovSmirnov):
    """A detector with one promise broken; the checks must say so."""

    def __init__(self, compare):
        self._compare = compare

    def compare(self, reference, current):
        return self._compare(reference, current)


@pytest.mark.parametrize(
    ("compare", "complaint"),
    [
        (lambda r, c: Detection(value=float(r[0] - c[0]), p_value=1.0), "order"),
        (lambda r, c: Detection(value=abs(float(np.mean(r) - np.mean(c))), p_value=0.5), "itself"),
        (lambda *_: Detection(value=0.0, p_value=1.0), "move"),
        (lambda *sides: Detection(value=np.inf if len(sides[1]) == 1 else 0.0, p_value=1.0), "one value"),
    ],
)
def test_the_checks_find_a_broken_promise(compare, complaint):
    with pytest.raises(AssertionError, match=complaint):
        check_detector(Broken(compare))
