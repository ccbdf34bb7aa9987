"""Programs whose `mlctl train` is killed or interrupted: marked, ended with it, and taken up again."""

import json
import signal
import subprocess
import sys
import time

import pytest

from mlctl.domain.errors import NotFound, UsageError
from mlctl.domain.points import read_points
from mlctl.domain.requests.runs import RunsRequest
from mlctl.domain.requests.show import ShowRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.run import Run
from mlctl.verbs.runs import runs
from mlctl.verbs.show import show
from mlctl.verbs.train import train
from tests.verbs.programs import LINE, command_spec
from tests.verbs.test_programs import gone

CHECKPOINTED = """
import json, os, shutil, time
folder = os.environ["MLCTL_RUN_DIR"]
mark = f"{folder}/checkpoint"
if os.path.exists(mark):
    from own import Line
    import mlctl
    with mlctl.run() as run:
        assert run.resumed
        run.log(step=int(open(mark).read()) + 1, loss=0.5)
        run.save(Line().fit(*run.load()), flavor="python")
else:
    with open(os.environ["MLCTL_POINTS"], "a") as file:
        file.write('{"step": 7, "loss": 0.75}' + chr(10))
    with open(f"{mark}.new", "w") as file:
        file.write("7")
    os.rename(f"{mark}.new", mark)
    worker = os.fork()
    if worker:
        with open("../worker", "w") as file:
            file.write(str(worker))
        with open("../pid", "w") as file:
            file.write(str(os.getpid()))
    time.sleep(600)
"""


@pytest.fixture
def broken(learner):
    """Break off a training with a signal once its program has written a checkpoint; code and stderr."""
    learner.write("mlctl.toml", command_spec(sys.executable, "train.py", params="{}"))
    learner.write("own.py", LINE)
    learner.write("train.py", CHECKPOINTED)

    def break_off(number):
        trainer = subprocess.Popen(
            [sys.executable, "-m", "mlctl", "train"], cwd=learner.root, stderr=subprocess.PIPE, text=True
        )
        pid = learner.root.parent / "pid"
        for _ in range(6000):
            if pid.exists() and pid.read_text():
                break
            time.sleep(0.01)
        trainer.send_signal(number)
        said = trainer.communicate()[1]
        assert gone(int(pid.read_text()))
        return trainer.returncode, said

    return break_off


def trained(project, *arguments):
    """The document that `mlctl train` prints, as a process of its own: the same variables each time."""
    done = subprocess.run(
        [sys.executable, "-m", "mlctl", "train", *arguments, "--json"],
        cwd=project.root,
        stdout=subprocess.PIPE,
        check=True,
        timeout=120,
    )
    return json.loads(done.stdout)


def on(run):
    return f"; it goes on with `mlctl train --resume {run}`"


def only_run(project):
    (row,) = runs(project.session(), RunsRequest()).data.runs
    return row


def test_a_training_that_is_killed_takes_its_program_along_and_goes_on_where_it_was(learner, broken):
    assert broken(signal.SIGKILL)[0] == -signal.SIGKILL
    row = only_run(learner)
    assert (row.status, row.error) == ("killed", f"its process ended without finishing{on(row.run)}")
    shown = show(learner.session(), ShowRequest(selector=f"run:{row.run}")).data
    assert shown.related["series"]["loss"]["last"] == 0.75
    made = trained(learner, "--resume", row.run[:12])["data"]
    assert gone(int((learner.root.parent / "worker").read_text()))
    assert (made["run"], made["changed"]) == (row.run, True)
    run = learner.session().repository.facts.where(Run, run=row.run)[0][1]
    points = read_points(learner.session().repository.objects.read(run.points)).series["loss"]
    assert [(point.step, point.value) for point in points] == [(7, 0.75), (8, 0.5)]
    assert only_run(learner).status == "finished"
    with pytest.raises(NotFound, match="no run that was broken off"):
        train(learner.session(), TrainRequest(resume=row.run))
    assert not trained(learner)["data"]["changed"]  # nothing was another in between


def test_a_run_that_went_on_with_other_code_is_never_reused(learner, broken):
    broken(signal.SIGKILL)
    learner.write("helper.py", "other = 1")
    made = trained(learner, "--resume", only_run(learner).run)
    assert any("helper.py changed between the two starts" in said for said in made["warnings"])
    assert trained(learner, "--dry-run")["data"]["changed"]


def test_ctrl_c_ends_the_program_and_the_run_can_go_on(learner, broken):
    code, said = broken(signal.SIGINT)
    assert (code, said.splitlines()[-1]) == (130, "interrupted")
    row = only_run(learner)
    assert (row.status, row.error) == (
        "killed",
        f"interrupted{on(row.run)}",
    )
    assert trained(learner, "--resume", row.run)["data"]["run"] == row.run


def test_a_run_does_not_go_on_with_another_spec_or_other_arguments(learner, broken):
    broken(signal.SIGKILL)
    run = only_run(learner).run
    with pytest.raises(UsageError, match="leave the other arguments out"):
        train(learner.session(), TrainRequest(resume=run, seed=9))
    learner.write("mlctl.toml", command_spec(sys.executable, "train.py", params="{ alpha = 9.0 }"))
    with pytest.raises(UsageError, match="the data, the spec or a package have changed"):
        train(learner.session(), TrainRequest(resume=run))
