"""Models: what a version is made of and what it accepts and answers."""

from typing import Any, ClassVar

import msgspec

from mlctl.domain.digits import digits
from mlctl.domain.ids import Digest, Ulid
from mlctl.domain.metric import Terms
from mlctl.domain.records import Fact, Record


class FeatureEncoding(Record, frozen=True, kw_only=True):
    """How one input column becomes numbers; everything fitted is here, so numpy alone can apply it.

    Attributes:
        column: the input column.
        type: "number", "boolean", "category", "datetime" or "text".
        treatment: "pass" (NaN stays), "impute", "scale" (impute, standardise), "ordinal" (category to code),
            "onehot", "calendar" (datetime to its parts), "hash" (text to counts of hashed tokens).
        fill: value for a missing cell where the treatment fills; None: it stays NaN.
        mean, scale: of "scale": the output is (value - mean) / scale.
        categories: known values of "ordinal" and "onehot", in code order, as text (`values.text_of`).
        unseen: "nan" (as missing) or "zero" (all one-hot columns 0).
        parts: of "calendar", in order: "year", "month", "day", "weekday", "hour", "day_number".
        part_means, part_scales: of "calendar" for estimators that need scaled or complete numbers; or ().
            A part is then (value - mean) / scale, and a missing moment is 0.
        width: number of output columns.
    """

    column: str
    type: str
    treatment: str
    fill: float | None = None
    mean: float = 0.0
    scale: float = 1.0
    categories: tuple[str, ...] = ()
    unseen: str = "nan"
    parts: tuple[str, ...] = ()
    part_means: tuple[float, ...] = ()
    part_scales: tuple[float, ...] = ()
    width: int = 1


class Input(Record, frozen=True, kw_only=True):
    """A column that a request may carry.

    Attributes:
        role: "feature" (required unless nullable) or "context" (key and time: accepted and logged).
        type: as `dataset.Column.type`.
        nullable: the training rows had missing values.
        categories: values seen in training, for low-cardinality text; () otherwise.
        minimum, maximum: of numbers in training.
    """

    name: str
    type: str
    role: str
    nullable: bool = False
    categories: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


class Signature(Record, frozen=True, kw_only=True):
    """What a model accepts and answers.

    Attributes:
        task: "regression", "binary" or "multiclass".
        classes: labels in the order of the probabilities; () for regression.
        positive: the class that binary metrics count as positive.
        quantile: that is answered, of a model of numbers; None: the mean, or whatever the estimator aims at.
        threshold: probability of the positive class from which it is answered; None: as the estimator does.
        costs: of a false positive and of a false negative, where the spec says them.
    """

    inputs: tuple[Input, ...]
    target: str
    target_type: str
    task: str
    classes: tuple[str, ...] = ()
    positive: str | None = None
    example: dict[str, Any] = msgspec.field(default_factory=dict)
    threshold: float | None = None
    quantile: float | None = None
    costs: tuple[float, float] | None = None

    @property
    def cheapest(self) -> float | None:
        """The threshold for calibrated probabilities, which a baseline's are: by the costs, else its own."""
        return self.threshold if self.costs is None else self.costs[0] / sum(self.costs)

    @property
    def judged_as(self) -> str:
        """The task as metrics are chosen by it: a quantile is answered like a number, judged otherwise."""
        return self.task if self.quantile is None else "quantile"

    @property
    def predicts(self) -> str:
        """As "cnt (regression, quantile 0.9)"; models that predict the same can be compared."""
        level = "" if self.quantile is None else f", quantile {self.quantile:g}"
        return f"{self.target} ({self.task}{level})"

    def asks_as(self, other: "Signature") -> bool:
        """Whether both answer the same question, so that their metrics can be compared."""
        return (self.predicts, self.classes, self.positive) == (other.predicts, other.classes, other.positive)

    @property
    def terms(self) -> Terms:
        """What metrics need to know of it."""
        return Terms(quantile=self.quantile, costs=self.costs)


class ThresholdSearch(Record, frozen=True, kw_only=True):
    """How a threshold was found: on training rows, each answered by a fit that did not learn from it.

    Attributes:
        rows, folds: that were answered, in so many parts.
        threshold, cost: found, and the mean cost of a row with it.
        formula, formula_cost: the threshold that would be right for calibrated probabilities, and its cost.
    """

    rows: int
    folds: int
    threshold: float
    cost: float
    formula: float
    formula_cost: float

    @property
    def told(self) -> str:
        """As a sentence."""
        return (
            f"on {self.rows:,} training rows, answered out of fold, that costs {digits(self.cost)} a row, "
            f"and {digits(self.formula_cost)} by the formula's {digits(self.formula)}"
        )


class Artefact(Record, frozen=True, kw_only=True):
    """One file of a model, stored as an object."""

    name: str
    sha256: Digest
    size: int


class ModelVersion(Fact, frozen=True, kw_only=True):
    """A fitted model: its files, its signature and where it came from.

    Attributes:
        run: the run that fitted it.
        flavor: the plugin that loads the artefacts.
        features: encodings in the order of the matrix that the estimator sees.
        level: factor that multiplies a regression's answers (a recalibration); 1.0 for none.
        level_through: newest event time of the labels that the level was learnt from, or None.
        rows: rows it was fitted on.
        time: the event-time columns of its dataset.
        learnt_from, learnt_through: first and last event time of the rows it was fitted on, or None.
        learnt_keys: object: sorted keys (canonical JSON lines) of these rows where there is no time; or None.
        refit_of: the version whose recipe this is, fitted again on all rows.
        reference: object (Parquet) with rows, targets and out-of-fold predictions for the monitor; or None.
        datasets: digests of the dataset versions it learnt from.
        parameters: the estimator's.
        searched: how its threshold was found; None where it was not searched for.
    """

    kind: ClassVar[str] = "models"

    model: str
    run: Ulid
    flavor: str
    artefacts: tuple[Artefact, ...]
    estimator: str
    parameters: dict[str, Any]
    features: tuple[FeatureEncoding, ...]
    signature: Signature
    rows: int
    time: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    level: float = 1.0
    level_through: str | None = None
    learnt_from: str | None = None
    learnt_through: str | None = None
    learnt_keys: Digest | None = None
    refit_of: Digest | None = None
    reference: Digest | None = None
    datasets: tuple[Digest, ...] = ()
    searched: ThresholdSearch | None = None
