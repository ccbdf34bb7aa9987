"""`mlctl blame`."""

from typing import Any

import msgspec

from mlctl.domain.decision import Actor
from mlctl.domain.ids import Digest, Ulid


class BlameRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which answer.

    Attributes:
        prediction: id, with or without "prediction:"; or None with `key`.
        key: "column=value" each, as logged; the newest answer for it.
        model: whose log the key is looked up in; None where the project has one model.
    """

    prediction: str | None = None
    key: tuple[str, ...] = ()
    model: str | None = None


class BlamedDecision(msgspec.Struct, frozen=True, kw_only=True):
    """The decision by which the version was where it answered from."""

    number: int
    kind: str
    time: str
    actor: Actor
    command: str
    reason: str | None
    sha256: Digest


class BlamedRun(msgspec.Struct, frozen=True, kw_only=True):
    """The run that fitted the version."""

    run: Ulid
    purpose: str
    started_at: str
    seconds: float
    command: str
    seed: int
    parameters: dict[str, Any]


class BlamedEvaluation(msgspec.Struct, frozen=True, kw_only=True):
    """The evaluation that the decision stood on, or the newest of the version."""

    digest: Digest
    dataset: str
    rows: int
    metrics: dict[str, float | None]


class BlamedDataset(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset version that the model learnt from.

    Attributes:
        version: its number, or None where the name no longer has it.
        verified: its bytes were hashed now; None where they are not on this machine.
    """

    name: str
    version: int | None
    digest: Digest
    path: str | None
    rows: int | None
    md5: str
    sha256: Digest
    verified: bool | None


class BlamedCode(msgspec.Struct, frozen=True, kw_only=True):
    """The code that fitted it; `patch` names the uncommitted state."""

    commit: str | None
    dirty: bool
    branch: str | None
    patch: Digest | None


class BlamedLabel(msgspec.Struct, frozen=True, kw_only=True):
    """The truth, where it has come."""

    value: Any
    batch: Digest
    decision: int | None


class Damage(msgspec.Struct, frozen=True, kw_only=True):
    """A link of the chain that did not verify; `id` as in the errors ("corrupt", "missing")."""

    what: str
    id: str
    message: str


class BlameResult(msgspec.Struct, frozen=True, kw_only=True):
    """The chain from an answer to what it came from.

    Attributes:
        time: of the answer.
        input: the row as served: features and context.
        decision: number of `decided`; the decision that had put the version on its stage by then.
        evaluation: digest of `evaluated`.
        run: id of `trained`.
        refit_of: digest of the tested version whose recipe was fitted again on all rows.
        answers: how many logged answers the key has; this is the newest.
        verified: every digest on the way was checked and held.
    """

    prediction: str
    time: str
    input: dict[str, Any]
    output: Any
    probabilities: tuple[float, ...] | None
    model: str
    version: int | None
    digest: Digest
    stage: str | None
    decision: int | None
    evaluation: Digest | None
    run: Ulid | None
    datasets: tuple[BlamedDataset, ...]
    code: BlamedCode | None
    label: BlamedLabel | None
    verified: bool
    refit_of: Digest | None = None
    decided: BlamedDecision | None = None
    evaluated: BlamedEvaluation | None = None
    trained: BlamedRun | None = None
    answers: int = 1
    damaged: tuple[Damage, ...] = ()
