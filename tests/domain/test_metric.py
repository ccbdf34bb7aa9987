"""Which metric gives the verdict."""

from mlctl.domain.metric import DEFAULTS, METRICS, first_judged


def test_without_probabilities_the_first_metric_that_needs_none_gives_the_verdict():
    assert first_judged(("roc_auc", "accuracy"), probabilities=True) == "roc_auc"
    assert first_judged(("roc_auc", "log_loss", "accuracy"), probabilities=False) == "accuracy"
    assert first_judged(("roc_auc",), probabilities=False) == "roc_auc"


def test_the_usual_metrics_begin_with_one_that_needs_no_threshold():
    assert {task: names[0] for task, names in DEFAULTS.items()} == {
        "regression": "mae",
        "quantile": "pinball",
        "binary": "roc_auc",
        "multiclass": "log_loss",
    }
    assert all(task in METRICS[name].tasks for task, names in DEFAULTS.items() for name in names)
