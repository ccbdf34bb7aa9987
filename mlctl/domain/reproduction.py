"""Reproductions: a run was fitted again from its record, and the same came of it or not."""

from typing import ClassVar

import msgspec

from mlctl.domain.decision import Actor
from mlctl.domain.ids import Digest, Ulid
from mlctl.domain.records import Fact
from mlctl.domain.requests.reproduce import Cause, Place
from mlctl.domain.run import Environment


class Reproduction(Fact, frozen=True, kw_only=True):
    """What came of fitting a run again.

    Attributes:
        run: that was fitted again.
        version: the version that it had made, with which the fit was compared.
        actor: who asked for it, where, and via what.
        environment: of the fits: machine, Python, packages.
        kernels: native libraries that computed, with their version and family of processors.
        equal: bit for bit.
        place: the first that differs; None where equal.
        cause: its class; None where equal, or where it was not looked for.
        proof: how the class was found.
        told: what differs at that place, or what was compared.
        packages: versions that are not those of the run, "numpy 2.0 -> 2.1".
        fits: how many were made.
    """

    kind: ClassVar[str] = "reproductions"

    model: str
    run: Ulid
    version: Digest
    actor: Actor
    command: str
    environment: Environment
    kernels: dict[str, str] = msgspec.field(default_factory=dict)
    equal: bool
    place: Place | None = None
    cause: Cause | None = None
    proof: str = ""
    told: str = ""
    packages: tuple[str, ...] = ()
    fits: int = 1

    @property
    def outcome(self) -> str:
        """In words."""
        if self.equal:
            return "equal bit for bit"
        cause = f", class: {self.cause}" if self.cause else ""
        return f"{self.place} differ first{cause}"

    @property
    def where(self) -> str:
        """The environment in words."""
        one = self.environment
        cpus = f"{one.cpus} cpu{'s' if one.cpus != 1 else ''}"
        return f"{one.platform} {one.machine}, {cpus}, Python {one.python}, {len(one.packages)} packages"


def same_try(known: Reproduction, new: Reproduction) -> bool:
    """Whether they tell of the same version, environment, libraries and way (a terminal, CI, the loop)."""
    mine = (new.version, new.environment, new.kernels, new.actor.via)
    return mine == (known.version, known.environment, known.kernels, known.actor.via)


def same_outcome(known: Reproduction, new: Reproduction) -> bool:
    """Whether the known one leaves nothing for the new one to say; a class not looked for is no other one."""
    return (new.equal, new.place) == (known.equal, known.place) and new.cause in {known.cause, None}
