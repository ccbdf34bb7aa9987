"""What makes a run of a program stale, and what does not: edits one by one, each taken back."""

import json
import os
import subprocess
import sys

import pytest

from mlctl.domain.requests.train import TrainRequest
from mlctl.verbs.train import train
from tests.verbs.programs import LINE, LINES, command_spec
from tests.verbs.repositories import commit

SPEC = command_spec(params="{ alpha = 0.5 }")
MATTERS = {
    "the program": ("train.py", LINES + "# a comment: another language has other comments\n"),
    "what it imports": ("own.py", LINE.replace("np.ones", "1.0 * np.ones")),
    "a file that it may look for": ("settings.toml", "rate = 1"),
    "a file in a folder of its own": ("config/deep/rates.yaml", "rate: 1"),
    "a file that git tracks": ("kept.txt", "other"),
    "a file that is gone": ("kept.txt", None),
    "another dataset": ("data/weather.csv", "a\n2\n"),
    "its arguments": ("mlctl.toml", command_spec("python", "train.py", "--fast")),
    "its parameters": ("mlctl.toml", command_spec(params="{ alpha = 0.6 }")),
    "the split": ("mlctl.toml", SPEC.replace('test = "25%"', 'test = "30%"')),
    "a feature's treatment": (
        "mlctl.toml",
        SPEC + '[model.demand.features]\ntemp = { treatment = "scale" }\n',
    ),
}
HARMLESS = {
    "a document": ("README.md", "other words"),
    "what git ignores": ("out/answers.csv", "1"),
    "a comment in the spec": ("mlctl.toml", SPEC + "# more\n"),
    "a gate": ("mlctl.toml", SPEC.replace('mae = { incumbent = "not_worse" }', "mae = { max = 5 }")),
    "the same bytes again": ("train.py", LINES),
    "how long it may take": ("mlctl.toml", command_spec(more='timeout = "9h"')),
}


@pytest.fixture
def trainer(learner):
    """The small project with a program that has trained, all of it in git."""
    files = {
        "mlctl.toml": SPEC,
        "own.py": LINE,
        "train.py": LINES,
        "kept.txt": "kept",
        "README.md": "words",
        "data/weather.csv": "a\n1\n",
    }
    for path, text in files.items():
        learner.write(path, text)
    (learner.root / ".gitignore").open("a").write("out/\n__pycache__/\n")
    commit(learner.root, "all")
    return learner


def test_each_edit_is_seen_or_left_alone_as_it_should_be(trainer):
    train(trainer.session(), TrainRequest())
    told = {}
    for name, (path, text) in {**MATTERS, **HARMLESS}.items():
        file = trainer.root / path
        before = file.read_bytes() if file.exists() else None
        if text is None:
            file.unlink()
        else:
            trainer.write(path, text)
        told[name] = train(trainer.session(), TrainRequest(dry_run=True)).data.changed
        if before is None:
            file.unlink()
        else:
            file.write_bytes(before)
    assert told == dict.fromkeys(MATTERS, True) | dict.fromkeys(HARMLESS, False)


def test_variables_and_code_that_stands_elsewhere_count(trainer):
    library = trainer.root.parent / "library"
    library.mkdir()
    (library / "rates.py").write_text("RATE = 1\n")
    given = {**os.environ, "PYTHONPATH": str(library), "RATE": "1", "SSH_CONNECTION": "a"}

    def mlctl(*arguments, **variables):
        command = [sys.executable, "-m", "mlctl", *arguments, "--json"]
        done = subprocess.run(
            command, cwd=trainer.root, env={**given, **variables}, stdout=subprocess.PIPE, check=True
        )
        return json.loads(done.stdout)["data"]

    def why(**variables):
        (step,) = [one for one in mlctl("plan", **variables)["steps"] if one["step"] == "train demand"]
        return None if step["state"] == "fresh" else step["why"]

    mlctl("train")
    assert why() is None
    assert why(SSH_CONNECTION="b", TERM_SESSION_ID="7") is None  # the program is not given them
    assert why(RATE="2") == ["environment: RATE changed"]
    assert why(OTHER="2") == ["environment: OTHER is set now"]
    (library / "rates.py").write_text("RATE = 2\n")
    assert why() == [f"file: {library / 'rates.py'} changed"]
