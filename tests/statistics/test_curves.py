import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, precision_recall_curve, roc_auc_score, roc_curve

from mlctl.statistics.curves import band, confusion, density, equal_mass, means, precision_recall, roc
from mlctl.statistics.resample import unit_codes


@pytest.fixture
def scored():
    random = np.random.default_rng(5)
    score = random.random(300).round(2)  # with ties
    return (random.random(300) < score).astype(float), score


def test_groups_are_of_equal_size_and_equal_values_stay_together():
    bins = equal_mass(np.arange(100.0), 10)
    assert np.bincount(bins).tolist() == [10] * 10
    tied = equal_mass(np.repeat([1.0, 2.0, 3.0], [70, 20, 10]), 10)
    assert [set(tied[:70]), set(tied[70:90]), set(tied[90:])] == [{tied[0]}, {tied[70]}, {tied[90]}]
    assert len(set(tied)) == 3


def test_the_roc_curve_is_scikit_learns(scored):
    fpr, tpr = roc(*scored)
    known_fpr, known_tpr, _ = roc_curve(*scored, drop_intermediate=False)
    assert np.allclose(fpr, known_fpr)
    assert np.allclose(tpr, known_tpr)


def test_precision_and_recall_are_scikit_learns(scored):
    recall, precision = precision_recall(*scored)
    known_precision, known_recall, _ = precision_recall_curve(*scored)
    assert np.allclose(recall[::-1], known_recall[:-1])
    assert np.allclose(precision[::-1], known_precision[:-1])


def test_a_long_curve_is_thinned_without_losing_its_area():
    random = np.random.default_rng(1)
    score = random.random(50_000)
    truth = (random.random(50_000) < score).astype(float)
    fpr, tpr = roc(truth, score)
    assert len(fpr) <= 210
    assert (fpr[0], tpr[0], fpr[-1], tpr[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(tpr, fpr) == pytest.approx(roc_auc_score(truth, score), abs=1e-3)


def test_a_band_has_the_means_and_an_interval_that_units_widen():
    random = np.random.default_rng(2)
    weeks = np.repeat(np.arange(40), 25)
    value = random.normal(size=40)[weeks] + random.normal(size=1000)
    bins = np.tile([0, 1], 500)
    by_row = band(bins * 1.0, value, bins, unit_codes(np.arange(1000)))
    by_week = band(bins * 1.0, value, bins, unit_codes(weeks))
    assert np.allclose(by_row.mean, [value[bins == 0].mean(), value[bins == 1].mean()])
    assert by_row.rows.tolist() == [500, 500]
    assert by_row.high - by_row.low == pytest.approx(2 * 1.96 * value.std() / np.sqrt(500), rel=0.15)
    assert (by_week.high - by_week.low > 2 * (by_row.high - by_row.low)).all()


def test_one_unit_has_no_interval():
    found = band(np.zeros(5), np.ones(5), np.zeros(5, dtype=int), unit_codes(np.zeros(5)))
    assert np.isnan(found.low).all()
    assert found.mean.tolist() == [1.0]


def test_the_confusion_matrix_is_scikit_learns_without_unknown_truths():
    random = np.random.default_rng(3)
    truth, output = random.integers(0, 4, 200), random.integers(0, 4, 200)
    assert (confusion(truth, output, 4) == confusion_matrix(truth, output)).all()
    assert confusion(np.array([-1, 2]), np.array([0, 2]), 3).sum() == 1


def test_density_counts_what_is_inside():
    counts = density(np.array([0.1, 0.1, 0.9, 7.0]), np.array([0.1, 0.2, 0.9, 0.5]), (0, 1), (0, 1), (2, 2))
    assert counts.tolist() == [[2, 0], [0, 1]]


def test_means_weigh_rows_and_leave_out_bins_that_weigh_nothing():
    x, value = np.array([1.0, 3.0, 10.0, 20.0]), np.array([0.0, 4.0, 7.0, 9.0])
    bins = np.array([0, 0, 2, 5])
    assert [one.tolist() for one in means(x, value, bins)] == [[2.0, 10.0, 20.0], [2.0, 7.0, 9.0]]
    at, mean = means(x, value, bins, np.array([3.0, 1.0, 1.0, 0.0]))
    assert (at.tolist(), mean.tolist()) == ([1.5, 10.0], [1.0, 7.0])
