"""`[model.NAME.gates.STAGE]` as values: what a promotion to a stage needs."""

from typing import ClassVar, Literal

import msgspec


class GatesPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=False):
    """A table among a stage's gates."""


class GateRule(GatesPart, frozen=True, kw_only=True):
    """One metric's conditions at one stage.

    Attributes:
        max, min: absolute limits on the metric's value.
        incumbent: how it must compare with what the stage holds.
        margin: in the metric's unit (a number) or relative to the incumbent ("5%").
        confidence: one-sided.
        min_rows: slices with fewer rows are not judged.
    """

    max: float | None = None
    min: float | None = None
    incumbent: Literal["not_worse", "non_inferior", "superior"] | None = None
    margin: float | str = 0.0
    confidence: float = 0.95
    min_rows: int = 0


class ApprovalsSpec(GatesPart, frozen=True, kw_only=True):
    """`approvals` of `[model.NAME.gates.STAGE]`: people besides the author who have approved the version.

    Attributes:
        count: how many of them.
        by: e-mails of those whose approval counts; everybody's if empty.
        signed: whether only signed approvals count.
        signers: file of the project that says which SSH keys may sign for whom (`man ssh-keygen`, ALLOWED
            SIGNERS); git's `gpg.ssh.allowedSignersFile` if None.
    """

    count: int = 1
    by: list[str] = []
    signed: bool = False
    signers: str | None = None


class MostSpec(GatesPart, frozen=True, kw_only=True):
    """`size_mb`, `latency_ms` and `memory_mb` of `[model.NAME.gates.STAGE]`.

    Attributes:
        max: the most that it may be.
    """

    max: float


class AgeSpec(GatesPart, frozen=True, kw_only=True):
    """`age` of `[model.NAME.gates.STAGE]`.

    Attributes:
        max: how long ago the newest row that the model learnt from may be ("30d"), by its time; by that of
            the dataset's version where rows have none.
    """

    max: str


class StageGates(GatesPart, frozen=True, kw_only=True):
    """`[model.NAME.gates.STAGE]`: what must hold besides the metrics; every other key is a metric.

    Attributes:
        after: a stage that the version must hold or have held before.
        schema: "compatible": every request that the incumbent takes is taken, and such requests are answered.
        size_mb: of the model's files, in millions of bytes.
        latency_ms: median time of one row through the predictor, where the evaluation is made.
        memory_mb: by which resident memory rises, in millions of bytes, while the model is loaded and answers
            all test rows at once; libraries do not count. Linux alone tells.
        age: of the newest row that the model learnt from.
        data_checks: whether the declared checks have to hold of the data that it was trained on.
        approvals: people besides the author who have approved the version.
        rules: every other key: a metric, "METRIC@slices" or "METRIC@slice:NAME".
    """

    rest: ClassVar[str | None] = "rules"

    after: str | None = None
    schema: Literal["compatible"] | None = None
    size_mb: MostSpec | None = None
    latency_ms: MostSpec | None = None
    memory_mb: MostSpec | None = None
    age: AgeSpec | None = None
    data_checks: bool = False
    approvals: ApprovalsSpec | None = None
    rules: dict[str, GateRule] = {}

    @property
    def asks_more(self) -> bool:
        """Whether anything besides metrics is asked for."""
        return any(getattr(self, key) != getattr(_NOTHING, key) for key in RESERVED)

    @property
    def asks_of_evaluation(self) -> bool:
        """Whether it asks for what only newer evaluations have measured."""
        measured = (self.schema, self.size_mb, self.latency_ms, self.memory_mb)
        return self.data_checks or any(one is not None for one in measured)


_NOTHING = StageGates()
RESERVED = tuple(key for key in StageGates.__struct_fields__ if key != StageGates.rest)
"""The keys of a stage's table that are no metrics."""
