"""Which repeats of a version there are; light, since every evaluation asks."""

from statistics import stdev

from mlctl.domain.ids import Digest
from mlctl.domain.repeat import Repeat
from mlctl.domain.run import Run
from mlctl.project.session import Session


def repeats_of(session: Session, version: Digest) -> list[Repeat]:
    """The repeats of a version, one a seed, by seed."""
    found = session.repository.facts.where(Repeat, version=version)
    return sorted({one.seed: one for _, one in found}.values(), key=lambda one: one.seed)


def spread_of(run: Run, repeats: list[Repeat]) -> dict[str, float]:
    """The standard deviation of each metric over the seeds of a recipe; {} with one fit."""
    names = [name for name in run.metrics if "." not in name] if repeats else []
    values = {name: [run.metrics[name], *(one.metrics.get(name) for one in repeats)] for name in names}
    return {
        name: stdev(known)
        for name, found in values.items()
        if len(known := [one for one in found if one is not None]) == len(found)
    }
