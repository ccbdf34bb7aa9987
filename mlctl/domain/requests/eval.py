"""What `eval` is asked and what it answers."""

from typing import Any

import msgspec

from mlctl.domain.evaluation import (
    BehaviourResult,
    Difference,
    Estimate,
    Fairness,
    IncumbentResult,
    SliceResult,
    SliceSearch,
)
from mlctl.domain.ids import Digest
from mlctl.domain.in_use import DataChecked, InUse, Replay
from mlctl.domain.records import Record


class EvalRequest(Record, frozen=True, kw_only=True):
    """One evaluation.

    Attributes:
        model: "demand" (the newest version), "demand@7", or None where the project has one model.
        to: the stage whose incumbent it is compared with.
        data: a dataset selector instead of the version's own test rows; all of its rows are scored.
        check: refuse (exit 40) where the stage's gates would.
        markdown: a file to write the evaluation to as Markdown; "-" answers it as text.
        html: a file to write it to as one page with plots.
    """

    model: str | None = None
    to: str = "production"
    data: str | None = None
    check: bool = False
    markdown: str | None = None
    html: str | None = None
    dry_run: bool = False


class EvalResult(Record, frozen=True, kw_only=True):
    """The stored evaluation; `gates` is what the stage's gates would say of it.

    Attributes:
        baseline_difference: candidate minus baseline.
        evaluation: digest of the fact; None in a dry run.
        in_use: size and speed of the tested artefact; None in evaluations of before.
        replay: requests of the incumbent, put to it; None where there is none.
        data_checks: on the data that it was trained on; None where no gate asked.
        written: files by kind, "markdown" or "html".
        markdown: the text, where it was asked for without a file.
    """

    model: str
    version: int
    changed: bool
    evaluation: Digest | None
    dataset: dict[str, Any]
    rows: int
    resample: str
    units: int
    metrics: dict[str, Estimate]
    slices: dict[str, SliceResult]
    baseline: dict[str, Estimate]
    baseline_difference: dict[str, Difference]
    incumbent: IncumbentResult
    search: SliceSearch | None = None
    behaviour: tuple[BehaviourResult, ...] = ()
    fairness: dict[str, Fairness] = msgspec.field(default_factory=dict)
    stage: str
    gates: dict[str, Any] = msgspec.field(default_factory=dict)
    notes: dict[str, Any] = msgspec.field(default_factory=dict)
    in_use: InUse | None = None
    replay: Replay | None = None
    data_checks: DataChecked | None = None
    written: dict[str, str] = msgspec.field(default_factory=dict)
    markdown: str | None = None
    dry_run: bool = False
