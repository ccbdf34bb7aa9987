"""Watching ends with Ctrl-C, even if whoever ran when it came swallowed it."""

import os
import signal
from contextlib import suppress

import pytest

from mlctl.cli.watching import Interrupts


@pytest.fixture(autouse=True)
def handler():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_that_was_swallowed_is_heeded_at_the_next_look():
    interrupts = Interrupts()
    interrupts.heed()
    with suppress(KeyboardInterrupt):  # as Cython does while a module of its own is loaded
        os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        interrupts.heed()


def test_one_who_ignores_interrupts_goes_on_ignoring_them():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interrupts = Interrupts()
    os.kill(os.getpid(), signal.SIGINT)
    interrupts.heed()
