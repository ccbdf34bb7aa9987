"""`mlctl show` in a terminal and for programs."""

import json
import subprocess
import sys

import pytest

from tests.store import full


@pytest.fixture
def project(tmp_path):
    session = full.session(tmp_path)
    full.life(session)
    return session.root


def mlctl(project, *argv):
    return subprocess.run(
        [sys.executable, "-m", "mlctl", "-C", str(project), *argv],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("selector", ["demand@2", "production", "rides@1", "6", "demand@production~1"])
def test_show_prints_a_title_and_what_is_kept(project, selector):
    done = mlctl(project, "show", selector)
    assert done.returncode == 0
    assert "\n  digest: " in done.stdout


def test_show_as_json_has_the_record(project):
    data = json.loads(mlctl(project, "show", "demand@2", "--json").stdout)["data"]
    assert (data["kind"], data["title"], data["related"]["stages"]) == ("model", "demand@2", ["production"])
    assert data["record"]["model"] == "demand"


def test_what_is_not_there_exits_20_with_a_hint_that_works(project):
    done = mlctl(project, "show", "demnad@2", "--json")
    assert done.returncode == 20
    hint = json.loads(done.stdout)["error"]["hints"][0]
    assert mlctl(project, *hint.split()[1:]).returncode == 0
