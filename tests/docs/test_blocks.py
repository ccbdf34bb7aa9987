"""README, tutorial and how-to pages do what they say: their `sh` blocks are run, top to bottom."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs" / "tutorial").glob("*.md")),
    *sorted((ROOT / "docs" / "how-to").glob("*.md")),
]
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEAD = """\
set -euo pipefail
trap 'echo "stopped at: $BASH_COMMAND" >&2' ERR
trap 'jobs -p | xargs -r kill 2>/dev/null || true; wait' EXIT
"""


def script_of(page):
    """The page's `sh` blocks as one script; what a block starts in the background ends with it."""
    return HEAD + "\n".join(BLOCK.findall(page.read_text(encoding="utf-8")))


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_of_a_page_work_in_a_fresh_folder(page, tmp_path):
    script = script_of(page)
    if script == HEAD:
        pytest.skip("no sh block")
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


def environment(folder):
    """A newcomer's: no configuration but a name for git, the program on PATH."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("MLCTL_", "GIT_", "DVC_"))
    }
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    git = {
        "GIT_AUTHOR_NAME": "Ann",
        "GIT_AUTHOR_EMAIL": "ann@example.org",
        "GIT_COMMITTER_NAME": "Ann",
        "GIT_COMMITTER_EMAIL": "ann@example.org",
    }
    return {**kept, **git, "PATH": path, "HOME": str(folder), "OMP_NUM_THREADS": "1"}


def test_the_runner_stops_at_the_first_command_that_fails(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "```sh\ntrue\nfalse\n```\n\n```text\nnever run\n```\n\n```sh\ntouch after\n```\n", encoding="utf-8"
    )
    done = subprocess.run(
        ["bash", "-c", script_of(page)], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode != 0
    assert "stopped at: false" in done.stderr
    assert not (tmp_path / "after").exists()


def test_the_readme_is_run():
    assert BLOCK.search((ROOT / "README.md").read_text(encoding="utf-8"))
