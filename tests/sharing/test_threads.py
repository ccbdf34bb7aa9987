"""Several calls at once."""

import threading
import time

import pytest

from mlctl.sharing.threads import several


def test_results_come_in_order_whatever_the_threads_do():
    def act(number):
        time.sleep(0.001 * (number % 3))
        return number * 2

    assert several(act, range(50), 8) == [number * 2 for number in range(50)]
    assert several(act, [], 8) == []
    assert several(act, [None, 3][1:], 8) == [6]


def test_so_many_run_at_once_and_no_more():
    gate, most = threading.Barrier(4), threading.Semaphore(4)

    def act(number):
        del number
        assert most.acquire(blocking=False)
        gate.wait(timeout=10)
        most.release()

    several(act, range(16), 4)


def test_the_first_failure_is_raised_and_ends_what_has_not_begun():
    begun = []

    def act(number):
        begun.append(number)
        if number == 3:
            raise ValueError("three")
        time.sleep(0.005)

    with pytest.raises(ValueError, match="three"):
        several(act, range(1000), 4)
    assert len(begun) < 20
