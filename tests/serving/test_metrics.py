import re

from mlctl.serving.metrics import Metrics

SAMPLE = re.compile(r'[a-z_]+(\{([a-z]+="([^"\\]|\\.)*",?)*\})? [0-9.e+-]+$')


def test_every_line_is_a_comment_or_a_sample_and_every_family_is_typed():
    metrics = Metrics()
    metrics.served("demand", 7, "ab" * 32)
    metrics.predicted("demand", 7, "ok", 3)
    metrics.predicted("demand", 7, "refused", 1)
    metrics.unseen("demand", {'we"ath\ner': 2})
    metrics.took(0.003)
    metrics.took(99.0)
    lines = metrics.text().splitlines()
    for line in lines:
        assert line.startswith("# ") or SAMPLE.match(line), line
    samples = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert samples['mlctl_predictions_total{model="demand",version="7",status="ok"}'] == "3"
    assert samples['mlctl_predictions_total{model="demand",version="7",status="refused"}'] == "1"
    assert samples['mlctl_prediction_duration_seconds_bucket{le="0.0025"}'] == "0"
    assert samples['mlctl_prediction_duration_seconds_bucket{le="0.005"}'] == "1"
    assert samples['mlctl_prediction_duration_seconds_bucket{le="10.0"}'] == "1"
    assert samples['mlctl_prediction_duration_seconds_bucket{le="+Inf"}'] == "2"
    assert samples["mlctl_prediction_duration_seconds_count"] == "2"
    assert samples['mlctl_unseen_categories_total{model="demand",column="we\\"ath\\ner"}'] == "2"
    assert samples['mlctl_model_info{model="demand",version="7",digest="' + "ab" * 32 + '"}'] == "1"


def test_before_a_model_is_loaded_there_is_no_model_info():
    assert "mlctl_model_info" not in Metrics().text()
