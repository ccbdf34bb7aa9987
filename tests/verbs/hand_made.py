"""A repository of records made by hand, with fixed times: for what reads the record alone."""

import msgspec

from mlctl.domain.decision import Actor, Change, Draft
from mlctl.domain.evaluation import (
    Difference,
    Estimate,
    Evaluation,
    Fairness,
    FoundSlice,
    Gap,
    Group,
    IncumbentResult,
    SliceResult,
    SliceSearch,
)
from mlctl.domain.in_use import DataChecked, InUse
from mlctl.domain.model import FeatureEncoding, Input, ModelVersion, Signature
from mlctl.domain.monitoring import Drift, MonitorReport, WindowReport
from mlctl.domain.refs import model_version
from mlctl.domain.run import CodeState
from tests.store import full

SPEC = """\
spec = 1
[project]
name = "bikes"
owner = "bikes@example.org"
[data.rides]
path = "data/hour.csv"
[model.demand]
data = "rides"
target = "cnt"
estimator = "sklearn.linear_model:Ridge"
[model.demand.card]
purpose = "Plans vans for *tomorrow*; read by the night shift."
limits = "Not for single stations."
"""
ADA = Actor(name="Ada", email="ada@example.org", user="ada", host="here", via="terminal")
BEA = Actor(name="Bea", email="bea@example.org", user="bea", host="there", via="terminal")
CI = Actor(user="runner", host="ci", via="ci")
SIGNATURE = Signature(
    inputs=(
        Input(name="hr", type="integer", role="feature", minimum=0, maximum=23),
        Input(name="weather", type="string", role="feature", nullable=True, categories=("clear", "rain")),
        Input(name="instant", type="integer", role="context"),
    ),
    target="cnt",
    target_type="integer",
    task="regression",
)


class Bikes:
    """A repository of records made by hand; every time is fixed."""

    def __init__(self, folder):
        self.session = full.session(folder)
        self.store = self.session.repository
        (self.session.root / "mlctl.toml").write_text(SPEC, encoding="utf-8")
        self.dataset = full.add_dataset(self.store)
        self.day = 1

    def decide(self, kind, actor, moves, *, reason=None, evidence=None):
        self.day += 1
        done = self.store.decisions.commit(
            lambda names: Draft(
                kind=kind,
                changes=tuple(Change(name=n, old=names.value(n), new=v) for n, v in moves.items()),
                reason=reason,
                evidence=evidence or {},
            ),
            actor=actor,
            command=f"mlctl {kind}",
            now=lambda: f"2026-11-{self.day:02d}T00:00:00.000Z",
        )
        return done.entry.number

    def version(self, number):
        run = full.add_run(self.store, self.dataset, number)
        code = CodeState(commit="c" * 40, dirty=number == 1)
        run = msgspec.structs.replace(run, run=full.new_id(number + 100), code=code)
        self.store.facts.add(run)
        version = ModelVersion(
            created_at=full.T, model="demand", run=run.run, flavor="sklearn", artefacts=(),
            estimator="sklearn.linear_model:Ridge", parameters={"alpha": number}, signature=SIGNATURE,
            features=(
                FeatureEncoding(column="hr", type="number", treatment="scale"),
                FeatureEncoding(column="weather", type="category", treatment="onehot"),
            ),
            rows=8645, learnt_from="2011-01-01T00:00:00Z", learnt_through="2011-10-19T23:00:00Z",
            datasets=(self.dataset,),
        )  # fmt: skip
        digest = self.store.facts.add(version)
        self.decide("train", ADA, {model_version("demand", number): digest})
        return digest

    def evaluation(self, digest, notes, behaviour=(), at=full.T):
        mae, base = Estimate(value=41.25, low=39.0, high=43.5), Estimate(value=120.5, low=118, high=123)
        rate = {"recall": Estimate(value=0.75, low=0.7, high=0.8)}
        gap = Estimate(value=0.125, low=0.05, high=0.2)
        one = Evaluation(
            created_at=at, model="demand", model_digest=digest, key=full.ANY, dataset="rides",
            dataset_digest=self.dataset, stage="production", rows=2161, resample="week", units=13,
            samples=1000, seed=7, metrics={"mae": mae, "r2": Estimate(value=None)},
            slices={"night": SliceResult(rows=700, metrics={"mae": Estimate(value=12.5)})},
            baseline={"mae": base},
            baseline_difference={"mae": Difference(difference=-79.25, low=-82, high=-76)},
            incumbent=IncumbentResult(), predictions=self.store.objects.put(b"rows"),
            search=SliceSearch(
                looked_at=214, loss="absolute error",
                found=(FoundSlice(where="hr >= 17", rows=180, value=96.5, overall=41.25, p=0.001),),
            ),
            fairness={
                "district": Fairness(
                    groups={"north": Group(rows=1200, rates=rate), "south": Group(rows=961, rates=rate)},
                    gaps={
                        "opportunity": Gap(
                            rate="recall", high="north", low="south", difference=gap, ratio=gap
                        )
                    },
                )
            },
            test=full.ANY, test_from="2011-10-20T00:00:00Z", test_through="2011-12-31T23:00:00Z",
            in_use=InUse(bytes=1_250_000, latency_ms=0.5, runs=9),
            data_checks=DataChecked(data="rides", checks=2, failed=("between(hum, 0.01, 1): 22 rows",)),
            notes=notes, behaviour=behaviour,
        )  # fmt: skip
        return self.store.facts.add(one)

    def report(self, digest, day, stage="production", rows=80):
        """A day's report of one complete window that this version answered."""
        drift = Drift(column="hr", method="ks", value=0.1, p_value=0.5, p_adjusted=0.5, drifted=False)
        window = WindowReport(
            start="2012-01-01T00:00:00Z", end="2012-01-08T00:00:00Z", rows=rows, labelled=60, drift=(drift,),
            performance={"mae": Estimate(value=44.0)}, digests=(digest,),
        )  # fmt: skip
        report = MonitorReport(
            created_at=f"2026-11-{day:02d}T00:00:00.000Z", model="demand", model_digest=digest, stage=stage,
            key=full.ANY, windows=(window,), alarm=False,
        )  # fmt: skip
        self.store.facts.add(report)
