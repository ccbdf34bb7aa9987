"""A small model project: daily rides that a line through the temperature explains, cheap to fit."""

import numpy as np

SPEC = """\
spec = 1

[project]
name = "small"

[data.rides]
path = "data/rides.csv"
key = ["id"]
time = ["day"]

[model.demand]
data = "rides"
target = "rides"
estimator = "{estimator}"
params = {params}
baseline = "mean"
refit = "{refit}"
seed = 3

[model.demand.split]
by = "time"
test = "25%"

[model.demand.eval]
metrics = ["mae", "r2"]
samples = 200
slices = {{ cold = "temp < 0" }}

{gates}
"""
GATES = """\
[model.demand.gates.production]
mae = { incumbent = "not_worse" }
"""
RIDGE = "sklearn.linear_model:Ridge"


def spec(estimator=RIDGE, params="{}", refit="all", gates=GATES):
    return SPEC.format(estimator=estimator, params=params, refit=refit, gates=gates)


def rows(days=400, slope=3.0, start="2011-01-01", seed=0):
    """CSV text: id, day, temp, wind, rides."""
    random = np.random.default_rng(seed)
    temp, wind = random.normal(size=days).round(3), random.normal(size=days).round(3)
    rides = (50 + slope * temp + random.normal(size=days)).round(3)
    dates = np.datetime64(start) + np.arange(days)
    lines = [
        f"{n},{day},{t},{w},{y}"
        for n, (day, t, w, y) in enumerate(zip(dates, temp, wind, rides, strict=True))
    ]
    return "id,day,temp,wind,rides\n" + "\n".join(lines) + "\n"
