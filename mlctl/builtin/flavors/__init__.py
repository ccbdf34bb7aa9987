"""Model flavors: how an estimator is stored and loaded."""
