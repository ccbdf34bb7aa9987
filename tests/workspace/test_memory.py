"""What a block of code has cost in resident memory."""

import sys

import numpy as np
import pytest

from mlctl.workspace.memory import rise

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")

MB = 1_000_000


def test_what_is_held_and_what_was_freed_within_both_count():
    with rise() as found:
        np.ones(80 * MB // 8).sum()
    assert 75 * MB < found.bytes < 120 * MB
    with rise() as found:
        held = np.ones(40 * MB // 8)
    assert 35 * MB < found.bytes < 80 * MB
    assert held.sum() > 0


def test_memory_that_lies_free_in_the_heap_is_given_back_first():
    many = [bytearray(50_000) for _ in range(1000)]
    del many
    with rise() as found:
        again = [bytearray(50_000) for _ in range(1000)]
    assert 40 * MB < found.bytes < 90 * MB
    del again
    with rise() as found:
        pass
    assert found.bytes < 5 * MB


def test_an_error_within_is_not_hidden():
    with pytest.raises(ZeroDivisionError), rise():
        1 / 0  # noqa: B018 - what is raised is what matters
