"""`mlctl why` in a terminal: the plan, the table, the document, and Ctrl-C."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SPEC = """\
spec = 1

[project]
name = "small"

[data.rides]
path = "rides.csv"
key = ["id"]

[model.demand]
data = "rides"
target = "rides"
build = "own.py:make"
params = { alpha = 1.0, tol = 0.001 }
baseline = "mean"
"""
OWN = """\
import os
import time
from pathlib import Path

from sklearn.linear_model import Ridge


def make(alpha, tol):
    if os.access("TOLD", os.F_OK):  # no trace sees this look
        Path(f"TOLD-{os.getpid()}").touch()
        time.sleep(200)
    if os.access("TOLD-wanted", os.F_OK):
        Path("TOLD").touch()
    return Ridge(alpha=alpha, tol=tol)
"""
TABLE = "id,temp,rides\n" + "".join(f"{n},{n % 7}.5,{n % 7 * 3 + n % 2}\n" for n in range(80))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A project with two versions that differ in three things, and a folder for what is temporary."""
    folder = tmp_path_factory.mktemp("why")
    (folder / "room").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder / "room"))
        patch.setenv("OMP_NUM_THREADS", "1")
        for name in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{name}_NAME", "Ada")
            patch.setenv(f"GIT_{name}_EMAIL", "ada@example.org")
        project = folder / "small"
        own = OWN.replace("TOLD", str(folder / "told"))
        project.mkdir()
        for name, text in {"mlctl.toml": SPEC, "rides.csv": TABLE, "own.py": own}.items():
            (project / name).write_text(text, encoding="utf-8")
        mlctl(project, "init", ".")
        mlctl(project, "train")
        (project / "mlctl.toml").write_text(
            SPEC.replace("alpha = 1.0, tol = 0.001", "alpha = 200.0, tol = 0.002"), encoding="utf-8"
        )
        (project / "own.py").write_text(own.replace("return Ridge", "tol = float(tol)\n    return Ridge"))
        mlctl(project, "train")
        yield folder


def mlctl(folder, *words, code=0):
    done = subprocess.run(
        [sys.executable, "-m", "mlctl", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def left(home):
    return [path.name for path in (home / "room").glob("mlctl-*")]


def ended(process):
    """Whether a process is gone, or only waits for its parent to hear of it."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.skipif(sys.platform != "linux", reason="no other system ends a child with its parent")
@pytest.mark.parametrize(("number", "known"), [(signal.SIGINT, 1), (signal.SIGKILL, 2)])
def test_stopped_in_a_fit_it_keeps_what_was_fitted_and_leaves_no_process(home, number, known):
    (home / "told-wanted").touch()
    process = subprocess.Popen(
        [sys.executable, "-m", "mlctl", "why", "demand@1", "demand@2"],
        cwd=home / "small",
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    for _ in range(3_000):
        if list(home.glob("told-[0-9]*")):
            break
        time.sleep(0.02)
    (fitting,) = (int(path.name.partition("-")[2]) for path in home.glob("told-[0-9]*"))
    process.send_signal(number)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert ("fit demand@1 with parameter alpha of demand@2" in said) == (
        known == 1
    )  # the second time it is kept
    for _ in range(500):
        if ended(fitting):
            break
        time.sleep(0.02)
    assert ended(fitting)
    for path in home.glob("told*"):
        path.unlink()
    if number == signal.SIGINT:
        assert left(home) == []
    for room in (home / "room").glob("mlctl-*"):
        shutil.rmtree(room)
    kept = list((home / "small" / ".mlctl" / "index" / "hybrids").glob("*.json"))
    assert [json.loads(path.read_bytes())["error"] for path in kept] == [None] * known


def test_plan_table_and_document(home):
    project = home / "small"
    plan = mlctl(project, "why", "demand@1", "--dry-run").stdout
    assert "parameter alpha  1.0 -> 200.0" in plan
    assert "code own.py" in plan
    assert "demand@1 with parameter alpha, parameter tol" in plan
    text = mlctl(project, "why", "demand@1").stdout
    lines = [line.split() for line in text.splitlines()]
    assert lines[0] == ["demand@1", "->", "demand@2"]
    assert lines[2][2:4] == ["parameter", "alpha"]
    assert "100%" in lines[2][1]
    assert "that neither has learnt from" in text
    document = json.loads(mlctl(project, "why", "demand@1", "--json").stdout)
    assert document["schema"] == "mlctl.why/1"
    data = document["data"]
    assert (data["changed"], data["exact"], data["metric"]) == (False, True, "mae")
    assert next(one["name"] for one in data["shares"]) == "parameter alpha"
    assert left(home) == []


LOADED = """
import sys
sys.argv = ["mlctl", "why", "demand@1", "demand@2", "--json"]
from mlctl.__main__ import main
main()
assert not {"sklearn", "pyarrow", "numpy"} & set(sys.modules)
"""


def test_the_second_time_next_to_nothing_is_loaded(home):
    mlctl(home / "small", "why", "demand@1", "demand@2")
    done = subprocess.run(
        [sys.executable, "-c", LOADED],
        cwd=home / "small",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)["data"]
    assert data["changed"] is False
    assert {one["source"] for one in data["fits"]} == {"kept"}
    assert data["shares"][0]["name"] == "parameter alpha"


def test_what_cannot_be_compared_is_an_error_with_a_hint(home):
    done = mlctl(home / "small", "why", "rides@1", code=2)
    assert "is a dataset" in done.stderr
    assert "mlctl data diff rides" in done.stderr


def test_a_package_cannot_be_swapped_and_is_the_candidate_for_the_rest(home, monkeypatch):
    project, packages = home / "packed", home / "site-packages"
    info = packages / "smallpackage-1.0.dist-info"
    info.mkdir(parents=True)
    project.mkdir()
    (info / "METADATA").write_text("Name: smallpackage\nVersion: 1.0\n")
    (info / "top_level.txt").write_text("smallpackage\n")
    (packages / "smallpackage.py").write_text("PENALTY = 1.0\n")
    monkeypatch.setenv("PYTHONPATH", str(packages))
    own = "from sklearn.linear_model import Ridge\nfrom smallpackage import PENALTY\n\n\n"
    (project / "own.py").write_text(
        f"{own}def make(alpha, tol):\n    return Ridge(alpha=alpha * PENALTY, tol=tol)\n"
    )
    (project / "mlctl.toml").write_text(SPEC, encoding="utf-8")
    (project / "rides.csv").write_text(TABLE, encoding="utf-8")
    mlctl(project, "init", ".")
    mlctl(project, "train")
    (packages / "smallpackage.py").write_text("PENALTY = 300.00\n")
    info.rename(packages / "smallpackage-1.1.dist-info")
    (project / "mlctl.toml").write_text(SPEC.replace("tol = 0.001", "tol = 0.002"), encoding="utf-8")
    mlctl(project, "train")
    document = json.loads(mlctl(project, "why", "demand@1", "--json").stdout)["data"]
    assert [(one["kind"], one["name"]) for one in document["not_swapped"]] == [("package", "smallpackage")]
    assert document["difference"] > 1
    assert document["rest"] == pytest.approx(document["difference"])
    assert [(one["name"], one["share"]) for one in document["shares"]] == [("parameter tol", 0)]
    table = mlctl(project, "why", "demand@1").stdout
    assert "the rest" in table
    assert "not swapped: package smallpackage" in table
