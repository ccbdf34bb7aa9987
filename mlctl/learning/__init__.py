"""From a spec to an estimator, a fitted model and its scores. Knows no store."""
