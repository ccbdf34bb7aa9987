"""A run is reused only where nothing that it used has changed, and what it did not use never counts."""

import os
import py_compile

import pytest

from mlctl.domain.requests.plan import PlanRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.verbs.plan import plan
from mlctl.verbs.train import train
from tests.verbs.learner import spec

MODEL = '''\
"""A line."""
import json
import os
import sqlite3
from pathlib import Path

from sklearn.linear_model import Ridge

from .walls import ALPHA

try:
    from own_settings import EXTRA
except ImportError:
    EXTRA = 0.0


def make():
    # as declared
    alpha = ALPHA + EXTRA + json.loads(Path("conf.json").read_text())["alpha"]
    alpha += float(os.getenv("ALPHA", "0"))
    if os.path.exists("override.txt"):
        alpha += 1.0
    alpha += len(list(Path("more").iterdir()))
    with sqlite3.connect("table.db") as table:
        alpha += table.execute("select 1").fetchone()[0]
    Path("written.txt").write_text(str(alpha))
    assert Path("written.txt").read_text()
    return Ridge(alpha=alpha)
'''


@pytest.fixture
def used(learner, monkeypatch):
    """A project whose model reads a file, a folder, a variable, a database, a module beside it; trained."""
    monkeypatch.chdir(learner.root)
    monkeypatch.delenv("ALPHA", raising=False)
    learner.write("house/__init__.py", "")
    learner.write("house/walls.py", "ALPHA = 1.0  # thick\n")
    learner.write("house/own.py", MODEL)
    learner.write("build.py", "from house.own import make\n")
    learner.write("conf.json", '{"alpha": 0.5}')
    learner.write("more/a.txt", "")
    (learner.root / "table.db").write_bytes(b"")
    text = spec().replace('estimator = "sklearn.linear_model:Ridge"', 'build = "build.py:make"')
    learner.write("mlctl.toml", text)
    assert train(learner.session(), TrainRequest()).data.changed
    return learner


def why(project):
    """Why training is stale; None where it is not."""
    step = next(
        one for one in plan(project.session(), PlanRequest()).data.steps if one.step.startswith("train")
    )
    return None if step.state == "fresh" else "; ".join(step.why)


def test_nothing_has_changed(used):
    assert why(used) is None
    assert not train(used.session(), TrainRequest()).data.changed


@pytest.mark.parametrize("path", ["house/walls.py", "build.py"])
def test_bytecode_of_the_same_second_and_size_is_not_run(used, path):
    used.write("build.py", "import house.own as own\nMORE = 1.0\nown.ALPHA += MORE\nmake = own.make\n")
    at = used.root / path
    os.utime(at, (1_000_000_000, 1_000_000_000))
    py_compile.compile(str(at))
    at.write_text(at.read_text().replace("1.0", "5.0"))
    os.utime(at, (1_000_000_000, 1_000_000_000))
    assert train(used.session(), TrainRequest()).data.changed
    assert float((used.root / "written.txt").read_text()) == 8.5  # 4.5 with what was


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        ("house/walls.py", "\nALPHA = 2.0  # thick\n", "code: house/walls.py:2 changed"),
        ("house/own.py", MODEL.replace("alpha += 1.0", "alpha += 2.0"), "code: house/own.py:22 changed"),
        ("conf.json", '{"alpha": 0.7}', "file: conf.json changed"),
        ("override.txt", "", "file: override.txt is there now"),
        ("more/b.txt", "", "file: more changed"),
        ("table.db", "x", "file: table.db changed"),
        ("own_settings.py", "EXTRA = 1.0\n", "code: own_settings.py takes the place of own_settings"),
    ],
)
def test_what_it_used_counts_and_is_named(used, path, text, told):
    used.write(path, text)
    assert why(used) == told


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("house/walls.py", "# of old\nALPHA = 1.00\n"),
        (
            "house/own.py",
            MODEL.replace("# as declared", "# as it is").replace('"""A line."""', '"""A wall."""'),
        ),
        ("house/more.py", "ALPHA = 3.0\n"),
        ("conf.yaml", "alpha: 3"),
        ("written.txt", "3"),
        ("README.md", "read me"),
    ],
)
def test_what_it_did_not_use_does_not_count(used, path, text):
    used.write(path, text)
    assert why(used) is None


def test_a_file_that_is_gone_and_comes_back(used):
    kept = (used.root / "conf.json").read_text()
    (used.root / "conf.json").unlink()
    assert why(used) == "file: conf.json is gone"
    used.write("conf.json", kept)
    assert why(used) is None


def test_a_variable_counts_where_it_was_read_even_if_it_was_not_set(used, monkeypatch):
    monkeypatch.setenv("BETA", "1")
    assert why(used) is None
    monkeypatch.setenv("ALPHA", "1")
    assert why(used) == "environment: ALPHA changed"
    assert train(used.session(), TrainRequest()).data.changed
    assert why(used) is None
    monkeypatch.delenv("ALPHA")
    assert why(used) is None  # the first run answers again
    assert type(os.environ).__name__ == "_Environ"


def test_a_process_that_lives_on_runs_the_code_as_it_is_now(used):
    first = train(used.session(), TrainRequest()).data
    used.write("house/walls.py", "ALPHA = 500.0\n")
    second = train(used.session(), TrainRequest()).data
    assert second.metrics != first.metrics


def test_what_tracing_cannot_follow_is_on_the_safe_side_and_said(used):
    used.write("house/own.py", "import pyarrow.csv\n" + MODEL)
    said = train(used.session(), TrainRequest()).warnings
    assert [text for text in said if "pyarrow reads files out of sight" in text]
    assert why(used) is None
    used.write("house/unread.py", "X = 1\n")
    used.write("NOTES.md", "later")
    assert why(used) is None
    used.write("any.csv", "a\n1\n")
    assert why(used) == "file: the project has other files now"
    assert train(used.session(), TrainRequest()).data.changed
    used.write("any.csv", "a\n2\n")
    assert why(used) == "file: any.csv changed"


def test_an_estimator_of_a_package_needs_no_trace_of_the_project(learner):
    assert train(learner.session(), TrainRequest()).data.changed
    learner.write("anything.py", "X = 1\n")
    assert not train(learner.session(), TrainRequest()).data.changed
