"""Removals: what a retention rule has let go of a version or a run; the rest of its record stays."""

from typing import ClassVar, Literal

from mlctl.domain.decision import Actor
from mlctl.domain.ids import Digest
from mlctl.domain.records import Fact


class Removal(Fact, frozen=True, kw_only=True):
    """Objects that may be missing, since a rule of the project has let them go.

    It says that they were taken from one machine; others may have them still, and they may come back.

    Attributes:
        of: the kind of fact that names the objects.
        subject: digest of that fact.
        label: what people called it then: `demand@3`, `run:01J...`.
        objects: that were taken, among those that the subject names.
        rule: as the spec has it: `retain.versions = 20`.
        actor: whose `gc` it was.
    """

    kind: ClassVar[str] = "removals"

    of: Literal["models", "runs"]
    subject: Digest
    label: str
    objects: tuple[Digest, ...]
    rule: str
    actor: Actor

    @property
    def told(self) -> str:
        """`removed by gc on 2026-11-27, rule retain.versions = 20`."""
        return f"removed by gc on {self.created_at[:10]}, rule {self.rule}"
