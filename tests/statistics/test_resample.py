import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mlctl.statistics import resample
from mlctl.statistics.resample import draws, unit_codes, unit_sums


@given(st.integers(1, 50), st.integers(1, 30), st.integers(0, 10))
def test_every_sample_draws_as_many_units_as_there_are(units, samples, seed):
    counts = np.concatenate(list(draws(units, samples, seed)))
    assert counts.shape == (samples, units)
    assert (counts.sum(axis=1) == units).all()


def test_draws_do_not_depend_on_how_they_are_cut(monkeypatch):
    whole = np.concatenate(list(draws(40, 30, 7)))
    monkeypatch.setattr(resample, "_CHUNK_BYTES", 8 * 40 * 3)
    cut = list(draws(40, 30, 7))
    assert len(cut) == 10
    assert np.array_equal(np.concatenate(cut), whole)


def test_units_are_summed_over_their_rows():
    codes, units = unit_codes(np.array(["b", "a", "b"]))
    assert units == 2
    assert unit_sums(np.array([[1.0, 10], [2, 20], [4, 40]]), codes, units).tolist() == [[2, 20], [5, 50]]
