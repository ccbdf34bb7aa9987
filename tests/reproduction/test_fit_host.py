"""The process that forks for each fit: what ends, hangs or is killed is told, and the next fit goes on."""

import os
import signal
from pathlib import Path

import pytest

from mlctl.reproduction.attempts import given_variables
from mlctl.reproduction.fit_host import FitHost

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="only there is it used")


def children():
    """Processes that this one has started."""
    return [int(one) for one in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]


def arguments(process):
    return Path(f"/proc/{process}/cmdline").read_text().split("\0")


@pytest.fixture
def host():
    made = FitHost()
    yield made
    made.close()


def asked(host, folder, limit=60.0, **variables):
    """Let it do a job that cannot be read: a fit's process begins and says why it has ended."""
    folder.mkdir()
    return host.run(given_variables(), folder, folder, variables, limit)


def test_what_a_fit_says_is_in_its_log_and_the_host_goes_on(host, tmp_path):
    for number in range(2):
        folder = tmp_path / f"{number}"
        assert asked(host, folder) == "the fit's process ended with code 1"
        assert "job.json" in (folder / "log").read_text()


def test_a_host_that_is_gone_is_told_and_started_again(host, tmp_path):
    asked(host, tmp_path / "first")
    (process,) = (one for one in children() if "--host" in arguments(one))
    os.kill(process, signal.SIGKILL)
    assert asked(host, tmp_path / "second") == "the process that was to fit has ended"
    assert asked(host, tmp_path / "third") == "the fit's process ended with code 1"


def test_what_does_not_answer_in_time_is_ended(host, tmp_path):
    assert asked(host, tmp_path / "late", limit=0.0) == "the fit was ended after 0 s"
    assert not [one for one in children() if "--host" in arguments(one)]
    assert asked(host, tmp_path / "again") == "the fit's process ended with code 1"
