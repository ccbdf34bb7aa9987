"""What `train` is asked and what it answers."""

import msgspec

from mlctl.domain.folds import Spread
from mlctl.domain.ids import Digest, Ulid
from mlctl.domain.records import Record


class TrainRequest(Record, frozen=True, kw_only=True):
    """One run.

    Attributes:
        model: of the spec; None where there is one.
        set: parameters as typed, "name=value".
        seed: instead of the spec's.
        repeats: fits of the recipe in all, with other seeds; None for as many as the spec says. With
            "demand@7" as the model, that version is repeated and nothing else is done.
        cache: False fits again although the same inputs have been fitted.
        data: a dataset selector instead of the work tree's version ("demand-served@2").
        window: newest part to learn from, counted back from the first test row ("182d"); None or "all" for
            all.
        test: instead of the spec's `split.test` ("14d").
        purpose: "train" or "loop", for the record.
        command: a program that trains, instead of what the spec names; () for the spec's.
        resume: id of a run whose process was killed, to be taken up where it was; None for a new one.
        apply_where: whether `train_where` chooses rows; a frozen served dataset has been chosen already.
    """

    model: str | None = None
    set: tuple[str, ...] = ()
    seed: int | None = None
    repeats: int | None = None
    cache: bool = True
    dry_run: bool = False
    data: str | None = None
    window: str | None = None
    test: str | None = None
    purpose: str = "train"
    command: tuple[str, ...] = ()
    resume: str | None = None
    apply_where: bool = True


class TrainResult(Record, frozen=True, kw_only=True):
    """The version that came of it.

    Attributes:
        run, version, digest: None in a dry run of something that has not been fitted.
        baseline: the baseline's metrics on the same test rows.
        rows: "train", "test" and "dropped".
        folds: by metric, its mean and spread over the folds of a cross-validation; {} without one.
        split: which rows are on which side, in sentences.
        repeats: fits of the recipe that are known, this one included.
        spread: by metric, its standard deviation over their seeds; {} with one fit.
        published: False where the version waits for publication and its number may still change.
        dropped: rows left out of the data, by reason ("train_where", "target missing").
    """

    run: Ulid | None
    model: str
    version: int | None
    digest: Digest | None
    changed: bool
    seconds: float
    metrics: dict[str, float | None]
    baseline: dict[str, float | None]
    dataset: str
    estimator: str
    rows: dict[str, int]
    dropped: dict[str, int] = msgspec.field(default_factory=dict)
    dry_run: bool = False
    folds: dict[str, Spread] = msgspec.field(default_factory=dict)
    split: tuple[str, ...] = ()
    published: bool = True
    repeats: int = 1
    spread: dict[str, float] = msgspec.field(default_factory=dict)
