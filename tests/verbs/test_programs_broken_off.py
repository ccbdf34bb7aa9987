"""Programs whose `mlctl train` is killed or interrupted: marked, ended with it, and taken up again."""

import json
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from mlctl.domain.errors import NotFound, TrainingFailed, UsageError
from mlctl.domain.points import read_points
from mlctl.domain.requests.fsck import FsckRequest
from mlctl.domain.requests.gc import GcRequest
from mlctl.domain.requests.runs import RunsRequest
from mlctl.domain.requests.show import ShowRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.run import Run
from mlctl.verbs.fsck import fsck
from mlctl.verbs.gc import gc
from mlctl.verbs.runs import runs
from mlctl.verbs.show import show
from mlctl.verbs.train import train
from tests.training.test_programs import gone
from tests.verbs.programs import LINE, command_spec

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


KILLED_AT_ONCE = """
import os, signal, sys
from pathlib import Path
from mlctl.project.session import Session
from mlctl.training.fitting import recording

with recording(Session.open(Path(sys.argv[1])), "demand", "train", resume=sys.argv[2]):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_run_that_goes_on_and_is_killed_tells_no_older_reason(learner):
    session = learner.session()
    live = session.repository.runs.create(session.new_id(), model="demand", purpose="train")
    live.note(program="python train.py", asked="{}", error="train.py took longer than 1 s")
    live.abandon()
    assert "took longer" in only_run(learner).error
    ended = subprocess.run([sys.executable, "-c", KILLED_AT_ONCE, str(learner.root), live.run], check=False)
    assert ended.returncode == -signal.SIGKILL
    row = only_run(learner)
    assert (row.status, row.error) == ("killed", f"its process ended without finishing{on(row.run)}")


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


TWICE = """\
if [ -f "$MLCTL_RUN_DIR/checkpoint" ]; then exec python train.py; fi
echo 7 > "$MLCTL_RUN_DIR/checkpoint"
sleep 600
"""
RESUMED = """
import mlctl
from own import Line
with mlctl.run() as run:
    assert run.resumed
    run.save(Line().fit(*run.load()), flavor="python")
"""


def test_a_run_that_took_too_long_goes_on_from_its_checkpoint_with_more_time(learner):
    def declare(more):
        learner.write("mlctl.toml", command_spec("sh", "twice.sh", params="{}", more=more))

    declare('timeout = "2s"')
    learner.write("own.py", LINE)
    learner.write("train.py", RESUMED)
    learner.write("twice.sh", TWICE)
    with pytest.raises(TrainingFailed, match="longer than timeout = '2s'") as late:
        train(learner.session(), TrainRequest())
    row = only_run(learner)
    assert row.status == "killed"
    assert "longer than timeout = '2s'" in row.error
    assert late.value.hints[0] == f"mlctl train --resume {row.run}"
    declare('timeout = "300s"')
    made = train(learner.session(), TrainRequest(resume=row.run)).data
    assert (made.run, made.changed, only_run(learner).status) == (row.run, True, "finished")


def test_a_run_that_took_too_long_and_left_nothing_has_failed(learner):
    learner.write("mlctl.toml", command_spec("sleep", "600", params="{}", more='timeout = "0.2s"'))
    with pytest.raises(TrainingFailed, match="longer than timeout"):
        train(learner.session(), TrainRequest())
    assert only_run(learner).status == "failed"


def abandoned(project, **about):
    """The folder of a run whose process is gone."""
    session = project.session()
    live = session.repository.runs.create(session.new_id(), model="demand", purpose="train", **about)
    live.log("began\n")
    (live.folder / "program").mkdir()
    (live.folder / "program" / "checkpoint").write_text("7")
    live.abandon()
    return live.run, live.folder


def collected(project, *, days=0, **more):
    session = project.session()
    now = time.time() + days * 86400
    session.clock = lambda: datetime.fromtimestamp(now, UTC)
    return gc(session, GcRequest(yes=True, older_than="0s", **more)).data


def test_gc_takes_what_cannot_go_on_and_keeps_for_a_while_what_can(learner):
    _, lost = abandoned(learner)
    run, able = abandoned(learner, program="python train.py", asked="{}", key="a" * 64)
    found = fsck(learner.session(), FsckRequest()).data
    assert found.checked["broken_off_runs"] == 2
    done = collected(learner)
    assert [(one.what, one.files) for one in done.collected] == [("broken-off runs", 4)]
    assert [(one.what, one.files) for one in done.kept] == [("runs that may go on (mlctl train --resume)", 4)]
    assert (lost.exists(), able.exists()) == (False, True)
    collected(learner, restore=True)
    assert (lost / "program" / "checkpoint").read_text() == "7"
    assert collected(learner, days=15).changed
    assert not able.exists()
    assert fsck(learner.session(), FsckRequest()).data.checked["broken_off_runs"] == 0
    assert runs(learner.session(), RunsRequest()).data.runs == ()
    assert learner.session().repository.runs.resume(run) is None


def test_gc_leaves_a_run_that_goes_on_and_one_that_has_just_ended(learner):
    session = learner.session()
    live = session.repository.runs.create(session.new_id(), model="demand")
    _, young = abandoned(learner)
    assert gc(learner.session(), GcRequest(yes=True)).data.collected == ()
    assert young.exists()
    collected(learner)
    assert (live.folder.exists(), young.exists()) == (True, False)
    live.close()


def test_gc_takes_a_run_whose_recipe_has_a_finished_run_since(learner):
    train(learner.session(), TrainRequest())
    key = learner.session().repository.facts.where(Run, status="finished")[0][1].cache_key
    _, folder = abandoned(learner, program="python train.py", asked="{}", key=key)
    collected(learner)
    assert not folder.exists()
