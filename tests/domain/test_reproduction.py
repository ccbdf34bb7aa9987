"""When a further reproduction has something to say."""

import msgspec
import pytest

from mlctl.domain.decision import Actor
from mlctl.domain.ids import Digest, Ulid
from mlctl.domain.reproduction import Reproduction, same_outcome, same_try
from mlctl.domain.run import Environment

HERE = Environment(python="3.11.2", platform="Linux 6", machine="x86_64", cpus=2, packages={"numpy": "2.1"})
ONE = Reproduction(
    created_at="2026-11-01T00:00:00.000Z",
    model="demand",
    run=Ulid("01M6A6FT350000000000000035"),
    version=Digest("a" * 64),
    actor=Actor(user="ada", host="one", via="ci"),
    command="mlctl reproduce",
    environment=HERE,
    kernels={"openblas": "0.3.30 Haswell"},
    equal=False,
    place="files",
    cause="seed",
)


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"created_at": "2027-01-01T00:00:00.000Z", "command": "mlctl reproduce --fits 1"}, True),
        ({"actor": Actor(user="ci-2", host="another", via="ci")}, True),
        ({"actor": Actor(user="ada", host="one", via="terminal")}, False),
        ({"kernels": {"openblas": "0.3.30 SkylakeX"}}, False),
        ({"environment": msgspec.structs.replace(HERE, packages={"numpy": "2.2"})}, False),
        ({"environment": msgspec.structs.replace(HERE, machine="aarch64")}, False),
        ({"version": Digest("b" * 64)}, False),
    ],
)
def test_a_try_is_the_same_in_the_same_environment_and_way_on_whatever_host(changes, same):
    assert same_try(ONE, msgspec.structs.replace(ONE, **changes)) is same


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"cause": None}, True),  # it was not looked for
        ({"cause": "threads"}, False),
        ({"place": "answers"}, False),
        ({"equal": True, "place": None, "cause": None}, False),
    ],
)
def test_an_outcome_is_the_same_if_nothing_new_is_said(changes, same):
    assert same_outcome(ONE, msgspec.structs.replace(ONE, **changes)) is same


def test_a_class_that_was_not_looked_for_before_is_new():
    assert not same_outcome(msgspec.structs.replace(ONE, cause=None), ONE)


def test_outcome_and_place_are_said_in_words():
    assert ONE.outcome == "files differ first, class: seed"
    assert ONE.where == "Linux 6 x86_64, 2 cpus, Python 3.11.2, 1 packages"
