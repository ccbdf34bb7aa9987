"""`mlctl.toml` as values: every key, its type, its default.

`spec_reader` makes these from TOML and collects every problem; nothing else constructs them.
Text that is an expression, a duration or an import path is checked there and kept as text here.
"""

from typing import Any, Literal

import msgspec

from mlctl.domain.spec_gates import StageGates
from mlctl.domain.spec_retain import RetainSpec
from mlctl.domain.spec_tests import BehaviourSpec
from mlctl.domain.spec_told import CardSpec, ScoreSpec


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=False):
    """A table of the spec. Unknown keys are errors."""


class ProjectSpec(Part, frozen=True, kw_only=True):
    """`[project]`.

    Attributes:
        name: of the project; lower case.
        owner: whom to ask; free text.
    """

    name: str
    owner: str | None = None


class ReadSpec(Part, frozen=True, kw_only=True):
    """`[data.NAME.read]`: how a text table is read where it can't be inferred.

    Attributes:
        header: whether the first line names the columns; inferred if None.
        names: column names, where the file has none or other ones are wanted.
        null: texts that mean a missing value, besides the empty text.
        delimiter: between cells; inferred if None.
        encoding: of the text, as Python names it.
        decimal: the sign between whole and fraction.
        types: by column, where the inferred type is not the one that is meant.
        replace: by column, texts to read as other texts ({"income": {"<=50K.": "<=50K"}}).
    """

    header: bool | None = None
    names: list[str] | None = None
    null: list[str] = []
    delimiter: str | None = None
    encoding: str = "utf-8"
    decimal: str = "."
    types: dict[str, Literal["integer", "number", "boolean", "string", "date", "datetime"]] = {}
    replace: dict[str, dict[str, str]] = {}


class DataSpec(Part, frozen=True, kw_only=True):
    """`[data.NAME]`.

    Attributes:
        path: file or folder, relative to the project.
        key: columns that name a row; accepted and logged, never a feature.
        time: columns of the event time: a date or datetime, and an hour (0-23) where there is one.
        known_time: column that says when the row became known: accepted and logged, never a feature. Nothing
            is joined or filtered by it yet.
        checks: what must hold of every row: "not_null(cnt)", "between(hum, 0.01, 1)", "unique(instant)".
        read: how a text table is read where it can't be inferred.
    """

    path: str
    key: list[str] = []
    time: list[str] = []
    known_time: str | None = None
    checks: list[str] = []
    read: ReadSpec = ReadSpec()


class FeatureSpec(Part, frozen=True, kw_only=True):
    """`[model.NAME.features] column = {...}`.

    Attributes:
        type: what the column is; inferred if None.
        treatment: how it becomes numbers; by its type if None.
        parts: of a datetime, for the treatment "calendar".
    """

    type: Literal["number", "category", "boolean", "datetime", "text"] | None = None
    treatment: Literal["pass", "impute", "scale", "ordinal", "onehot", "calendar", "hash"] | None = None
    parts: list[Literal["year", "month", "day", "weekday", "hour", "day_number"]] | None = None


class SplitSpec(Part, frozen=True, kw_only=True):
    """`[model.NAME.split]`.

    Attributes:
        by: what decides which rows are held out; "stratified" is at random with the classes' shares kept.
        test: "20%"; by time also a date or a duration; the value of `column` that marks test rows; a dataset.
        embargo: duration between the last training row and the first test row, for `by = "time"`.
        column: for `by = "group"` the group, for `by = "column"` the marking column.
        folds: cross-validation: so many splits, each holding out `test` of its own; by time, windows one
            after the other, each learnt from all that is older. The version is that of the last one, as with
            1.
        accept: what the linter shall not refuse or warn of: neighbours in time on both sides, equal rows on
            both sides, features that give the answer away.
    """

    by: Literal["time", "random", "stratified", "group", "column", "dataset"] = "random"
    test: str = "20%"
    embargo: str = "0d"
    column: str | None = None
    folds: int = 1
    accept: list[Literal["serial", "duplicates", "giveaway"]] = []


class CostSpec(Part, frozen=True, kw_only=True):
    """`costs` of `[model.NAME.eval]`: what wrong answers of two classes cost, in any unit.

    Attributes:
        false_positive: a row of the other class that is answered as the positive one.
        false_negative: a row of the positive class that is answered as the other one.
        threshold: from which probability on the positive class is answered: by "formula", as is right for
            calibrated probabilities; or "searched" for on the training rows, answered out of fold.
    """

    false_positive: float = 1.0
    false_negative: float = 1.0
    threshold: Literal["formula", "searched"] = "formula"


class EvalSpec(Part, frozen=True, kw_only=True):
    """`[model.NAME.eval]`.

    Attributes:
        metrics: by name, the first one decides a comparison; those of the task if empty.
        resample: what an interval resamples: "row", a column, "day", "week" or "month"; by the split if None.
        samples: of the bootstrap.
        repeats: fits of each recipe, with other seeds, so that a lucky one is not taken for a better recipe.
        slices: by name, an expression over the columns: "hr < 6 or hr > 22".
        search: also look for slices that nobody declared and where the model does badly.
        threshold: probability from which the positive class is answered, here and where it serves; the
            estimator's own answer if None.
        tests: of behaviour: what must hold of the answers, whatever the metrics say.
        fairness: columns whose groups are compared; of two classes.
        costs: instead of a threshold, what wrong answers cost: the one is answered that costs less.
    """

    metrics: list[str] = []
    resample: str | None = None
    samples: int = 1000
    repeats: int = 1
    slices: dict[str, str] = {}
    search: bool = True
    threshold: float | None = None
    fairness: list[str] = []
    tests: list[BehaviourSpec] = []
    costs: CostSpec | None = None

    @property
    def decision(self) -> float | None:
        """The probability from which the positive class is answered, or None.

        With costs it is c_fp / (c_fp + c_fn): from there on, calling a row positive costs less on average
        (Elkan, "The foundations of cost-sensitive learning", IJCAI 2001, section 1.3). It is as good as the
        probabilities are calibrated, and looks at no rows. Where it is searched for, this is what is held
        against what is found.
        """
        if self.costs is None:
            return self.threshold
        return self.costs.false_positive / (self.costs.false_positive + self.costs.false_negative)


class RolloutSpec(Part, frozen=True, kw_only=True):
    """`rollout` of `[model.NAME.serve]`. Read, and for now warned of: it takes over at once.

    Attributes:
        shadow: how long a version answers unseen beside the one that serves.
        canary: percentages of the requests, step by step.
    """

    shadow: str | None = None
    canary: list[int] = []


class ServeSpec(Part, frozen=True, kw_only=True):
    """`[model.NAME.serve]`.

    Attributes:
        schema: "strict" refuses names that are neither feature nor context; "lenient" ignores them.
        log: "sync" flushes before the answer, "durable" within 100 ms, "async" writes in the background.
        max_body: bytes of a request.
        rollout: how a new version takes over; read, and for now warned of: it takes over at once.
    """

    schema: Literal["strict", "lenient"] = "strict"
    log: Literal["durable", "sync", "async", "off"] = "durable"
    max_body: int = 16 * 1024 * 1024
    rollout: RolloutSpec = RolloutSpec()


class LabelsSpec(Part, frozen=True, kw_only=True):
    """`labels` of `[model.NAME.monitor]`: how truth finds its prediction, and how late it comes.

    Attributes:
        key: columns that name the row; the prediction's id if empty.
        delay: how late the truth comes after the event.
    """

    key: list[str] = []
    delay: str = "0d"


class LimitSpec(Part, frozen=True, kw_only=True):
    """An absolute limit on a metric.

    Attributes:
        max: above it is an alarm.
        min: below it is an alarm.
    """

    max: float | None = None
    min: float | None = None


class MonitorSpec(Part, frozen=True, kw_only=True):
    """`[model.NAME.monitor]`.

    Attributes:
        time: windows by the event's time or by the answer's; by the event's where the data has one.
        window: length of a window.
        false_alarms: alarm events expected without any change; thresholds are set to it: "1 per 90d".
        min_rows: windows with fewer rows are not judged.
        labels: how truth finds its prediction.
        performance: by metric, the limits beyond which there is an alarm.
        drift: whether drift alone is an alarm.
    """

    time: Literal["event", "served"] | None = None
    window: str = "7d"
    false_alarms: str = "1 per 90d"
    min_rows: int = 50
    labels: LabelsSpec = LabelsSpec()
    performance: dict[str, LimitSpec] = {}
    drift: Literal["report", "alarm"] = "report"


class RecalibrateSpec(Part, frozen=True, kw_only=True):
    """`recalibrate` of `[model.NAME.retrain]`.

    Attributes:
        every: how often at most.
        window: newest labelled rows that it is learnt from.
    """

    every: str = "7d"
    window: str = "28d"


class RetrainSpec(Part, frozen=True, kw_only=True):
    """`[model.NAME.retrain]`.

    Attributes:
        recalibrate: a cheap correction of the answers' level between retrainings; None for none.
        when: alarm kinds ("performance", "drift", "quality", "volume") or an age ("age > '56d'").
        data: "served" freezes logged and labelled rows with the training rows; "dataset" is the work tree's.
        window: newest part of the rows to learn from: a duration, "all", or "auto" (half a year, for now).
        test: newest part of the labelled rows held out to compare with the incumbent.
        then: "promote" or "candidate".
    """

    recalibrate: RecalibrateSpec | None = None
    when: list[str] = msgspec.field(default_factory=lambda: ["performance"])
    data: Literal["served", "dataset"] = "served"
    window: str = "all"
    test: str = "14d"
    then: Literal["promote", "candidate"] = "promote"


class ModelSpec(Part, frozen=True, kw_only=True):
    """`[model.NAME]`.

    Attributes:
        data: the dataset that it learns from.
        target: the column to predict.
        task: inferred from the target if None; "quantile" only where it is said.
        quantile: which one is to be answered, above 0 and below 1, for `task = "quantile"`.
        positive: the class that binary metrics count as positive.
        train_where: which rows may be learnt from, an expression.
        exclude: columns that are no features: they give the answer away, or will not be there.
        weight: column that says how much a row counts, in the fit and in every metric; no feature.
        estimator: import path of a class with `fit` and `predict`: "sklearn.linear_model:Ridge".
        params: handed to the estimator.
        build: "features.py:make", a function that returns an estimator.
        command: a program that trains: its name and its arguments. It finds the rows in the folder
            `$MLCTL_RUN_DIR`, and leaves its model there.
        timeout: how long the program may take ("1h"); None for no limit.
        baseline: what a model must beat; by the task if None.
        refit: whether promotion fits the recipe again on all rows.
        seed: of everything random.
        features: types and treatments where they can't be inferred.
        split: which rows are held out.
        eval: what is measured, and on which slices.
        gates: by stage, what a promotion needs: rules by metric (or "METRIC@slices"), and keys beside them.
        serve: how it answers.
        monitor: how its answers are watched.
        retrain: when and from what the loop renews it; None for never.
        card: words for the model card.
    """

    data: str
    target: str
    task: Literal["regression", "quantile", "binary", "multiclass"] | None = None
    quantile: float | None = None
    positive: str | None = None
    train_where: str | None = None
    exclude: list[str] = []
    weight: str | None = None
    estimator: str | None = None
    params: dict[str, Any] = {}
    build: str | None = None
    command: list[str] | None = None
    timeout: str | None = None
    baseline: Literal["mean", "median", "quantile", "majority", "prior"] | None = None
    refit: Literal["all", "none"] = "none"
    seed: int = 0
    features: dict[str, FeatureSpec] = {}
    split: SplitSpec = SplitSpec()
    eval: EvalSpec = EvalSpec()
    gates: dict[str, StageGates] = {}
    serve: ServeSpec = ServeSpec()
    monitor: MonitorSpec = MonitorSpec()
    retrain: RetrainSpec | None = None
    card: CardSpec = CardSpec()


class Spec(Part, frozen=True, kw_only=True):
    """The whole file.

    Attributes:
        spec: version of the format.
        project: whose it is.
        data: by name, what is versioned and learnt from.
        model: by name, what is learnt.
        score: what people answer to items of the score.
        retain: what `gc` lets go.
    """

    spec: int
    project: ProjectSpec
    data: dict[str, DataSpec] = {}
    model: dict[str, ModelSpec] = {}
    score: ScoreSpec = ScoreSpec()
    retain: RetainSpec = RetainSpec()


AUTO_WINDOW = "182d"
"""What `window = "auto"` stands for until the window is chosen by replay: the newest half year."""


def not_acted_on(spec: Spec) -> tuple[str, ...]:
    """What the file asks for and this version does not do, a sentence each; nothing is ignored in silence."""
    told = []
    for name, model in spec.model.items():
        if model.serve.rollout.shadow or model.serve.rollout.canary:
            told.append(f"model.{name}.serve.rollout is not acted on yet: a new version takes all requests")
        if model.retrain is not None and model.retrain.window == "auto":
            told.append(
                f'model.{name}.retrain.window = "auto" is {AUTO_WINDOW} for now, not chosen by replay'
            )
    return tuple(told)
