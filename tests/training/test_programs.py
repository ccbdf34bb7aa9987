import json
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from mlctl.domain.errors import MlctlError, TrainingFailed
from mlctl.domain.points import read_points
from mlctl.domain.requests.eval import EvalRequest
from mlctl.domain.requests.fsck import FsckRequest
from mlctl.domain.requests.plan import PlanRequest
from mlctl.domain.requests.predict import PredictRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.reproduce import ReproduceRequest
from mlctl.domain.requests.show import ShowRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.run import Run
from mlctl.training.programs import series_of
from mlctl.verbs.eval import eval as evaluate
from mlctl.verbs.fsck import fsck
from mlctl.verbs.plan import plan
from mlctl.verbs.predict import predict
from mlctl.verbs.promote import promote
from mlctl.verbs.reproduce import reproduce
from mlctl.verbs.show import show
from mlctl.verbs.train import train
from tests.verbs.learner import spec
from tests.verbs.programs import LINE, LINES, RIDGES, command_spec
from tests.verbs.repositories import commit


@pytest.fixture
def trainer(learner):
    """The small project, trained by `train.py`."""
    learner.write("mlctl.toml", command_spec())
    learner.write("own.py", LINE)
    learner.write("train.py", LINES)
    return learner


def trained(project, **request):
    return train(project.session(), TrainRequest(**request))


def by(project, source, *words, **spec):
    """Train by a program of this source."""
    project.write("train.py", source)
    project.write("mlctl.toml", command_spec(sys.executable, "-S", "train.py", *words, **spec))
    return trained(project)


def run_of(project, run):
    return project.session().repository.facts.where(Run, run=run)[0][1]


def newest(project):
    return project.session().repository.facts.all(Run)[-1][1]


def log_of(project, run):
    return project.session().repository.objects.read(run.log).decode()


def test_a_program_s_model_lives_as_any_other_does(trainer):
    trainer.write("mlctl.toml", command_spec(refit="all"))
    made = trained(trainer).data
    assert (made.version, made.changed, made.estimator) == (1, True, "Line")
    assert made.metrics["mae"] < 1.2 < made.baseline["mae"]
    evaluated = evaluate(trainer.session(), EvalRequest(model="demand@1")).data
    assert evaluated.metrics["mae"].value == pytest.approx(made.metrics["mae"], rel=1e-12)
    assert promote(trainer.session(), PromoteRequest(model="demand@1")).data.changed
    asked = PredictRequest(model="production", input="data/rides.csv", output="answers.csv")
    assert predict(trainer.session(), asked).data.rows == 400
    run = run_of(trainer, made.run)
    assert "alpha 0.5" in log_of(trainer, run)
    assert run.notes["program"]["traced"] is False
    points = read_points(trainer.session().repository.objects.read(run.points)).series
    assert [point.value for point in points["loss"]] == [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5]


def test_a_program_s_run_is_reproduced_bit_for_bit(trainer):
    trainer.write("train.py", RIDGES)
    commit(trainer.root, "all")
    made = trained(trainer).data
    commit(trainer.root, "data")
    told = reproduce(trainer.session(), ReproduceRequest(selector=f"run:{made.run}", fits=1)).data
    assert told.equal


def test_the_same_again_is_unchanged_and_what_the_program_could_have_read_is_a_reason(trainer):
    trained(trainer)
    assert not trained(trainer).data.changed
    trainer.write("settings.txt", "7")  # no trace says whether the program looks for it
    assert trained(trainer).data.changed
    trainer.write("settings.txt", "8")
    assert trained(trainer).data.changed
    trainer.write("README.md", "for people")
    assert not trained(trainer).data.changed


def test_plan_names_the_file_that_changed(trainer):
    trained(trainer)
    trainer.write("train.py", LINES + "# more\n")
    steps = plan(trainer.session(), PlanRequest()).data.steps
    assert any("file: train.py changed" in why for step in steps for why in step.why)


def test_a_file_that_changes_while_the_program_runs_is_a_change_afterwards(trainer):
    trainer.write("train.py", LINES + "open('written.txt', 'w').write('x')\n")
    made = trained(trainer)
    assert any("written.txt changed while the program ran" in said for said in made.warnings)
    assert trained(trainer).data.changed  # the file was not there when the first run began
    assert not trained(trainer).data.changed


def test_what_a_python_program_reads_outside_of_the_project_counts(trainer):
    outside = trainer.root.parent / "outside.txt"
    outside.write_text("0.5")
    reading = LINES.replace('run.params["alpha"]', f"open({str(outside)!r}).read()")
    trainer.write("train.py", reading)
    trained(trainer)
    assert not trained(trainer).data.changed
    outside.write_text("0.7")
    assert trained(trainer).data.changed


def test_a_program_that_asks_the_network_is_never_reused(trainer):
    asking = "import contextlib, socket\nwith contextlib.suppress(OSError):\n    "
    asking += "socket.create_connection(('192.0.2.1', 9), timeout=0.01)\n"
    trainer.write("train.py", LINES + "".join(f"    {line}\n" for line in asking.splitlines()))
    made = trained(trainer)
    assert any("it asked the network (192.0.2.1)" in said for said in made.warnings)
    assert trained(trainer, dry_run=True).data.changed


def test_a_program_never_sees_the_rows_that_are_held_out(learner):
    source = """
import os, shutil, sys
shutil.copy(os.environ["MLCTL_TRAIN"], sys.argv[1])
shutil.copy(os.environ["MLCTL_MATRIX"], sys.argv[2])
shutil.copy(os.environ["MLCTL_HANDOVER"], sys.argv[3])
"""
    out = [str(learner.root.parent / name) for name in ("train", "matrix", "about")]
    with pytest.raises(TrainingFailed, match="saved no model"):
        by(learner, source, *out)
    rows = pq.read_table(out[0])
    assert rows.num_rows == 300
    assert str(max(rows["day"].to_pylist()))[:10] == "2011-10-27"
    matrix = pq.read_table(out[1])
    assert (matrix.num_rows, matrix.column_names) == (300, ["temp", "wind", "target"])
    about = json.loads(Path(out[2]).read_bytes())
    assert about["features"] == ["temp", "wind"]
    assert (about["params"], about["seed"], about["rows"]) == ({"alpha": 0.5}, 3, 300)


def test_a_crash_is_told_with_its_code_and_the_last_lines(learner):
    source = "import sys\nprint('one')\nprint('no such column', file=sys.stderr)\nsys.exit(3)"
    with pytest.raises(TrainingFailed, match=r"ended with exit code 3; the last(.|\n)*no such column"):
        by(learner, source)
    run = newest(learner)
    assert (run.status, log_of(learner, run)) == ("failed", "one\nno such column\n")
    shown = show(learner.session(), ShowRequest(selector=f"run:{run.run}")).data.related
    assert (shown["output"], shown["traced"]) == (["one", "no such column"], False)


def test_a_program_that_is_killed_is_told_by_its_signal(learner):
    with pytest.raises(TrainingFailed, match="was ended by SIGKILL"):
        by(learner, "import os\nos.kill(os.getpid(), 9)")
    assert newest(learner).notes["program"]["signal"] == "SIGKILL"


def test_a_program_that_hangs_is_ended_with_all_that_it_started(learner):
    source = """
import os, sys, time
child = os.fork()
if child:
    open(sys.argv[1], "w").write(f"{os.getpid()} {child}")
time.sleep(600)
"""
    noted = learner.root.parent / "pids"
    with pytest.raises(TrainingFailed, match="it took longer than timeout = '3s'"):
        by(learner, source, str(noted), more='timeout = "3s"')
    assert all(gone(int(pid)) for pid in noted.read_text().split())


def test_a_daemon_that_a_program_leaves_behind_is_ended(learner):
    source = """
import os, sys, time
if not os.fork():
    os.setsid()
    if not os.fork():
        open(sys.argv[1], "w").write(str(os.getpid()))
        time.sleep(600)
    os._exit(0)
while not os.path.exists(sys.argv[1]) or not open(sys.argv[1]).read():
    time.sleep(0.01)
"""
    noted = learner.root.parent / "pid"
    with pytest.raises(TrainingFailed, match="saved no model"):
        by(learner, source, str(noted))
    assert gone(int(noted.read_text()))
    assert newest(learner).notes["program"]["left_behind"] == 1


def test_a_program_that_is_not_there_is_told(learner):
    learner.write("mlctl.toml", command_spec("no-such-program"))
    with pytest.raises(TrainingFailed, match=r"no-such-program cannot be started: No such file"):
        trained(learner)


def test_much_output_and_binary_output_are_kept_within_bounds(learner):
    source = """
import os
os.write(1, b"begin\\n" + bytes(range(256)))
for _ in range(300):
    os.write(1, b"x" * 65535 + b"\\n")
os.write(1, b"the end\\n")
"""
    with pytest.raises(TrainingFailed, match="saved no model"):
        by(learner, source.replace("\\\\", "\\"))
    run = newest(learner)
    log = log_of(learner, run)
    assert run.notes["program"]["printed"] > 300 * 65536
    assert len(log) < 8 << 20
    assert log.startswith("begin")
    assert "characters left out" in log
    assert log.endswith("the end\n")


def test_points_that_are_no_numbers_are_kept_and_counted(learner):
    source = """
import os
with open(os.environ["MLCTL_POINTS"], "a") as file:
    file.write('{"step": 9, "loss": 0.25}\\n{"step": 2, "loss": NaN}\\nrubbish\\n')
    file.write('{"step": 3, "loss": "inf"}\\n{"step": 4, "los')
"""
    with pytest.raises(TrainingFailed, match="saved no model"):
        by(learner, source.replace("\\\\", "\\"))
    data = learner.session().repository.objects.read(newest(learner).points)
    told = series_of(data)
    assert told["unread"] == 1
    loss = told["series"]["loss"]
    assert tuple(loss[name] for name in ("count", "last", "step", "low", "not_finite")) == (
        3,
        0.25,
        9,
        0.25,
        2,
    )


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"weights.bin": "x"}, "no mlctl-model.json that says what reads them"),
        ({"mlctl-model.json": '{"flavor": 3}'}, "mlctl-model.json of"),
        ({"mlctl-model.json": '{"flavor": "nothing"}'}, "nothing"),
    ],
)
def test_a_model_that_nothing_reads_is_refused(learner, files, why):
    source = "import os\n" + "".join(
        f"open(os.environ['MLCTL_MODEL'] + '/{name}', 'w').write({text!r})\n" for name, text in files.items()
    )
    with pytest.raises(MlctlError, match=why):
        by(learner, source)


def test_a_second_model_and_one_that_no_flavor_stores_are_refused(trainer):
    trainer.write("train.py", f"{LINES}    run.save(Line().fit(matrix, target))\n")
    with pytest.raises(TrainingFailed, match="saved a model already"):
        trained(trainer)
    trainer.write("train.py", "import mlctl\nwith mlctl.run() as run:\n    run.save(object())\n")
    with pytest.raises(TrainingFailed, match=r"no installed flavor stores a builtins.object"):
        trained(trainer)


def test_a_model_of_other_columns_is_found_out_at_once(trainer):
    trainer.write("train.py", RIDGES.replace(".fit(matrix,", ".fit(matrix[:, :1],"))
    with pytest.raises(TrainingFailed, match="cannot answer rows of 2 numbers"):
        trained(trainer)


def test_artifacts_are_kept_with_the_run(trainer):
    trainer.write("notes.txt", "kept")
    trainer.write("train.py", f"{LINES}    run.artifact('notes.txt', 'told/notes.txt')\n")
    run = run_of(trainer, trained(trainer).data.run)
    objects = trainer.session().repository.objects
    assert objects.read(run.artifacts["told/notes.txt"]) == b"kept"
    assert fsck(trainer.session(), FsckRequest()).data.clean
    for digest in (run.artifacts["told/notes.txt"], run.points):
        objects.path(digest).unlink()
    with pytest.raises(MlctlError) as told:
        fsck(trainer.session(), FsckRequest())
    named = str(told.value.facts["problems"])
    assert run.artifacts["told/notes.txt"] in named
    assert run.points in named


def test_a_program_of_the_command_line_takes_the_spec_s_place(trainer):
    trainer.write("mlctl.toml", spec(params="{ alpha = 2.0 }", refit="none"))
    made = trained(trainer, command=("python", "train.py")).data
    assert "alpha 2.0" in log_of(trainer, run_of(trainer, made.run))


def test_a_run_that_nobody_started_is_recorded_and_makes_no_version(trainer):
    trained(trainer)
    done = subprocess.run(
        [sys.executable, "train.py"], cwd=trainer.root, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    run = newest_script(trainer)
    assert (run.model, run.status, run.metrics, run.parameters) == (
        "demand",
        "finished",
        {"loss": 0.2},
        {"alpha": 0.5},
    )
    assert "model/state.json" in run.artifacts
    assert trainer.session().repository.decisions.names().versions("models/demand").keys() == {1}


def test_a_run_that_the_spec_does_not_know_is_recorded_too(learner):
    source = """
import mlctl
with mlctl.run("notebook", depth=3) as run:
    run.log(loss=run.params["depth"])
    raise ValueError("no")
"""
    done = subprocess.run(
        [sys.executable, "-c", source], cwd=learner.root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    run = newest_script(learner)
    assert (run.model, run.status, run.error, run.parameters) == (
        "notebook",
        "failed",
        "ValueError: no",
        {"depth": 3},
    )


@pytest.mark.parametrize(("end", "status"), [("", "finished"), ("raise ValueError('no')", "failed")])
def test_a_run_that_is_left_open_ends_as_its_program_does(learner, end, status):
    source = f"import mlctl\nrun = mlctl.run('notebook')\nrun.log(loss=1)\n{end}"
    subprocess.run([sys.executable, "-c", source], cwd=learner.root, capture_output=True, check=False)
    assert newest_script(learner).status == status


def test_a_run_by_hand_on_data_without_a_version_says_so_and_leaves_nothing(trainer):
    done = subprocess.run(
        [sys.executable, "train.py"], cwd=trainer.root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "rides has no version yet" in done.stderr
    assert trainer.session().repository.runs.unfinished() == []


def newest_script(project):
    found = [run for _, run in project.session().repository.facts.all(Run) if run.purpose == "script"]
    return found[-1]


def gone(pid):
    """Whether a process has ended; one that is ending is waited for."""
    for _ in range(500):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.01)
    return False
