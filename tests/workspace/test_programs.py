"""Programs run to their end: real ones, that end in every way."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from mlctl.workspace.programs import run_program

MARK = ("MARKED", "here")


def ran(source, *, limit=None, tick=lambda: None, folder=None, grace=5.0):
    heard = []
    ended = run_program(
        [sys.executable, "-S", "-c", source],
        folder=folder or Path.cwd(),
        variables={**os.environ, MARK[0]: MARK[1]},
        mark=MARK,
        hear=heard.append,
        tick=tick,
        limit=limit,
        grace=grace,
    )
    return ended, b"".join(heard)


def test_output_and_exit_code_are_told(tmp_path):
    ended, heard = ran(
        "import os, sys; print(os.getcwd()); sys.stderr.write('no'); sys.exit(4)", folder=tmp_path
    )
    assert (ended.code, ended.signal, ended.late, ended.left) == (4, None, False, 0)
    assert sorted(heard.split()) == sorted([str(tmp_path).encode(), b"no"])
    assert ended.printed == len(heard)


def test_all_of_a_large_output_is_heard_in_blocks():
    blocks = []
    ended = run_program(
        [sys.executable, "-S", "-c", "import os\nfor _ in range(200): os.write(1, b'x' * 100_000)"],
        folder=Path.cwd(),
        variables=os.environ,
        mark=MARK,
        hear=blocks.append,
        tick=lambda: None,
        limit=None,
    )
    assert ended.printed == sum(map(len, blocks)) == 20_000_000
    assert max(map(len, blocks)) <= 1 << 16


def test_a_program_that_closes_its_output_is_waited_for():
    ended, _ = ran("import os, time; os.close(1); os.close(2); time.sleep(0.5); os._exit(5)")
    assert ended.code == 5


def test_a_child_that_keeps_the_output_open_is_not_waited_for_and_is_ended():
    source = "import os, time\nif not os.fork():\n    time.sleep(600)\nprint('done')"
    ended, heard = ran(source)
    assert (ended.code, heard) == (0, b"done\n")
    assert ended.left <= 1  # it may have been ended with its group before it was counted
    assert not any(pid for pid in _marked())


def test_a_signal_has_its_name():
    assert ran("import os; os.abort()")[0].signal == "SIGABRT"
    assert ran(f"import os; os.kill(os.getpid(), {int(signal.SIGTERM)})")[0].signal == "SIGTERM"


def test_time_that_is_over_ends_what_refuses_to_end():
    ended = run_program(
        ["sh", "-c", "trap '' TERM; sleep 600; exit 0"],
        folder=Path.cwd(),
        variables={**os.environ, MARK[0]: MARK[1]},
        mark=MARK,
        hear=lambda _data: None,
        tick=lambda: None,
        limit=2.0,
        grace=0.2,
    )
    assert (ended.late, ended.signal) == (True, "SIGKILL")
    assert not any(pid for pid in _marked())


def test_what_comes_up_while_it_runs_ends_it_first():
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ran("import time; time.sleep(600)", tick=interrupt)
    assert not any(pid for pid in _marked())


def test_a_program_that_cannot_be_started_is_told():
    with pytest.raises(FileNotFoundError):
        run_program(
            ["/no/such/program"],
            folder=Path.cwd(),
            variables=os.environ,
            mark=MARK,
            hear=lambda _data: None,
            tick=lambda: None,
            limit=None,
        )


def _marked():
    """Processes that are still there with the mark; one that is ending is waited for."""
    for _ in range(300):
        found = [one.name for one in Path("/proc").iterdir() if one.name.isdecimal() and _has_mark(one)]
        if not found:
            return []
        time.sleep(0.01)
    return found


def _has_mark(process):
    try:
        return "=".join(MARK).encode() in (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
