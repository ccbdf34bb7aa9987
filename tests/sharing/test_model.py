"""The protocol under random schedules: nothing breaks with all rules; without any of them something does."""

import dataclasses
import os

import pytest

from tests.sharing.model import Rules, Violation, World

SCHEDULES = 20_000 if os.environ.get("MLCTL_SOAK") else 100
STEPS = 250


def test_no_schedule_breaks_the_protocol():
    published = waiting = 0
    for seed in range(SCHEDULES):
        world = World(seed, Rules())
        world.run(STEPS)
        published += len(world.remote.log)
        waiting += sum(len(world.names(where.disk)[1]) for where in world.repositories)
    assert published > 5 * SCHEDULES  # the schedules do get somewhere, and do have losers
    assert waiting > SCHEDULES // 10


@pytest.mark.parametrize("rule", [one.name for one in dataclasses.fields(Rules)])
def test_without_a_rule_some_schedule_breaks(rule):
    rules = dataclasses.replace(Rules(), **{rule: False})

    def breaks(seed):
        try:
            World(seed, rules).run(STEPS)
        except Violation:
            return True
        return False

    assert any(breaks(seed) for seed in range(3000))
