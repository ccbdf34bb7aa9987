import os
import signal
import subprocess
import sys
import time

import msgspec
import pytest
from pyarrow.csv import read_csv

from mlctl.domain.errors import ColumnMissing, MlctlError, TrainingFailed, Untrusted, UsageError
from mlctl.domain.model import ModelVersion
from mlctl.domain.requests.eval import EvalRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.runs import RunsRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.domain.run import Run
from mlctl.training.learnt import keys_of, unseen_by
from mlctl.verbs.eval import eval as evaluate
from mlctl.verbs.promote import promote
from mlctl.verbs.runs import runs
from mlctl.verbs.train import train
from mlctl.verbs.undo import undo
from tests.verbs.learner import rows, spec


def trained(project, **request):
    return train(project.session(), TrainRequest(**request))


def test_a_run_makes_a_version_with_all_that_it_came_from(learner):
    outcome = trained(learner)
    data = outcome.data
    assert (data.model, data.version, data.changed, data.dataset) == ("demand", 1, True, "rides@1")
    assert data.metrics["mae"] < 1.2 < data.baseline["mae"]
    assert data.rows == {"train": 300, "test": 100, "dropped": 0}
    repository = learner.session().repository
    run = repository.facts.where(Run, run=data.run)[0][1]
    assert run.status == "finished"
    assert (run.seed, run.purpose, run.code.dirty) == (3, "train", True)
    assert run.environment.packages["scikit-learn"]
    assert [use.name for use in run.data] == ["rides"]
    version = repository.facts.get(ModelVersion, data.digest)
    assert version.learnt_through == "2011-10-27T00:00:00.000Z"
    assert [column.name for column in version.signature.inputs if column.role == "feature"] == [
        "temp",
        "wind",
    ]
    assert repository.objects.read(version.reference)
    assert outcome.next == ("mlctl eval demand@1",)


def test_data_without_a_version_are_added_first_and_that_is_said(learner):
    assert "rides@1" in trained(learner).warnings[0]
    learner.write("data/rides.csv", rows(days=410))
    again = trained(learner)
    assert "has changed since rides@1: added as rides@2" in again.warnings[0]
    assert again.data.version == 2


def test_the_same_again_is_unchanged_and_decides_nothing(learner):
    first = trained(learner)
    decisions = learner.decisions()
    second = trained(learner)
    assert second.data == msgspec.structs.replace(first.data, changed=False)
    assert learner.decisions() == decisions


def test_next_is_what_is_left_to_do_and_nothing_once_the_stage_holds_it(learner):
    learner.write(
        "mlctl.toml", spec().replace('target = "rides"', 'target = "rides"\ntrain_where = "id >= 10"')
    )
    assert trained(learner).data.dropped == {"train_where": 10}
    assert trained(learner).next == ("mlctl eval demand@1",)
    evaluate(learner.session(), EvalRequest())
    assert trained(learner).next == ("mlctl promote demand@1",)
    promote(learner.session(), PromoteRequest())
    assert trained(learner).next == ()
    undo(learner.session(), UndoRequest())
    assert trained(learner).next == ("mlctl promote demand@1",)


def test_next_is_nothing_where_the_gates_refuse(learner):
    learner.write("mlctl.toml", spec(gates="[model.demand.gates.production]\nmae = { max = 0.1 }\n"))
    trained(learner)
    assert evaluate(learner.session(), EvalRequest()).next == ()
    assert trained(learner).next == ()


def test_the_same_again_loads_neither_scikit_learn_nor_pyarrow_nor_numpy(learner):
    trained(learner)
    learner.quiet("data/rides.csv")
    code = (
        "import sys; from pathlib import Path; from mlctl.project.session import Session;"
        "from mlctl.verbs.train import train; from mlctl.domain.requests.train import TrainRequest;"
        "data = train(Session.open(Path.cwd()), TrainRequest()).data; assert not data.changed;"
        "print(*[name for name in ('sklearn', 'pyarrow', 'numpy', 'scipy', 'git') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=learner.root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    "request_", [{"set": ("alpha=2.5",)}, {"seed": 4}, {"window": "90d"}, {"test": "14d"}, {"cache": False}]
)
def test_what_matters_to_the_fit_makes_another_run(learner, request_):
    trained(learner)
    again = trained(learner, **request_).data
    assert (again.version, again.changed) == (2, True)
    assert (
        trained(learner, **{name: value for name, value in request_.items() if name != "cache"}).data.changed
        is False
    )


def test_what_does_not_matter_to_the_fit_makes_none(learner):
    trained(learner)
    learner.write("mlctl.toml", spec(refit="none", gates="[model.demand.gates.staging]\nmae = { max = 3 }\n"))
    assert not trained(learner).data.changed


def test_settings_are_json_or_text_and_go_before_the_specs(learner):
    data = trained(learner, set=("alpha=0.25", "solver=svd")).data
    version = learner.session().repository.facts.get(ModelVersion, data.digest)
    assert (version.parameters["alpha"], version.parameters["solver"]) == (0.25, "svd")
    with pytest.raises(UsageError, match="name=value"):
        trained(learner, set=("alpha",))
    with pytest.raises(UsageError, match="did you mean 'alpha'"):
        trained(learner, set=("alhpa=1",))


def test_a_window_and_a_test_part_choose_rows(learner):
    assert trained(learner, window="90d", test="14d").data.rows == {"train": 90, "test": 14, "dropped": 0}


def test_a_dry_run_says_what_would_be_done_and_does_nothing(learner):
    planned = trained(learner, dry_run=True).data
    assert (planned.changed, planned.version, planned.dry_run) == (True, None, True)
    assert learner.decisions() == 1
    trained(learner)
    assert trained(learner, dry_run=True).data.changed is False


def test_a_version_that_was_withdrawn_gets_a_new_number_without_another_fit(learner):
    first = trained(learner).data
    undo(learner.session(), UndoRequest())
    again = trained(learner).data
    assert (again.version, again.changed, again.digest, again.run) == (2, True, first.digest, first.run)


def test_the_users_own_code_is_part_of_the_key_its_imports_too(learner):
    learner.write("inner.py", "ALPHA = 1.0\n")
    learner.write(
        "build.py",
        "from sklearn.linear_model import Ridge\nfrom inner import ALPHA\n\n\n"
        "def make():\n    return Ridge(ALPHA)\n",
    )
    text = spec().replace('estimator = "sklearn.linear_model:Ridge"', 'build = "build.py:make"')
    learner.write("mlctl.toml", text)
    assert trained(learner).data.changed
    assert not trained(learner).data.changed
    learner.write("inner.py", "ALPHA = 2.0\n")
    sys.modules.pop("inner", None)
    assert trained(learner).data.version == 2


FAILING = """\
from sklearn.linear_model import Ridge


class Failing(Ridge):
    def fit(self, matrix, truth):
        print("about to fail")
        raise {error}
"""


@pytest.mark.parametrize(
    ("error", "raised", "status"),
    [("ValueError('no luck')", TrainingFailed, "failed"), ("KeyboardInterrupt", KeyboardInterrupt, "killed")],
)
def test_a_run_that_comes_to_nothing_is_recorded_and_names_nothing(learner, error, raised, status):
    learner.write(f"{status}_for_a_test.py", FAILING.format(error=error))
    learner.write("mlctl.toml", spec(f"{status}_for_a_test:Failing"))
    with pytest.raises(raised, match="no luck" if status == "failed" else None):
        trained(learner)
    repository = learner.session().repository
    run = repository.facts.all(Run)[0][1]
    assert run.status == status
    assert repository.objects.read(run.log) == b"about to fail\n"
    assert repository.decisions.names().versions("models/demand") == {}
    assert not list(repository.layout.live_runs.iterdir())


def test_what_no_flavor_can_store_is_a_failed_run(learner):
    source = "from sklearn.linear_model import Ridge\n\n\nclass Own(Ridge):\n"
    learner.write("own_for_a_test.py", f"{source}    predict = Ridge.predict\n    scratch = None\n")
    learner.write("mlctl.toml", spec("own_for_a_test:Own"))
    assert trained(learner).data.run
    source += "    def fit(self, X, y):\n        self.scratch = print\n        return super().fit(X, y)\n"
    learner.write("own_for_a_test.py", source)
    with pytest.raises(Untrusted, match=r"state\['scratch'\] is a builtins.builtin_function"):
        trained(learner)
    assert learner.session().repository.facts.all(Run)[-1][1].status == "failed"


def test_warnings_of_the_fit_are_told_and_kept_in_the_log(learner):
    learner.write(
        "mlctl.toml",
        spec("sklearn.linear_model:Lasso", params="{ max_iter = 1, alpha = 0.0001, tol = 1e-9 }"),
    )
    outcome = trained(learner)
    assert any("ConvergenceWarning" in sentence for sentence in outcome.warnings)
    run = learner.session().repository.facts.where(Run, run=outcome.data.run)[0][1]
    assert b"ConvergenceWarning" in learner.session().repository.objects.read(run.log)


@pytest.mark.parametrize(
    ("text", "error", "complaint"),
    [
        ("id,day,temp,wind,ride\n1,2011-01-01,1,1,1\n", ColumnMissing, "rides"),
        ("id,day,temp,wind,rides\n", MlctlError, "rides"),
        ("id,day,temp,wind,rides\n1,2011-01-01,1,1,\n", TrainingFailed, "target missing: 1"),
        ("id,day,temp,wind,rides\n1,2011-01-01,1,1,3\n", TrainingFailed, "training set is empty"),
        (
            "id,day,temp,wind,rides\n1,2011-01-01,,1,3.5\n2,2011-01-02,,1,4\n",
            TrainingFailed,
            r"exclude = \['temp'\]",
        ),
    ],
)
def test_data_that_can_not_be_learnt_from_are_refused_with_the_reason(learner, text, error, complaint):
    learner.write("data/rides.csv", text)
    with pytest.raises(error, match=complaint):
        trained(learner)
    assert learner.session().repository.decisions.names().versions("models/demand") == {}


def test_a_run_whose_process_was_killed_is_shown_as_killed(learner):
    learner.write(
        "slow_for_a_test.py",
        "import pathlib, time\nfrom sklearn.linear_model import Ridge\n\n\nclass Slow(Ridge):\n"
        "    def fit(self, matrix, truth):\n        pathlib.Path('fitting').touch()\n"
        "        time.sleep(600)\n",
    )
    learner.write("mlctl.toml", spec("slow_for_a_test:Slow"))
    child = subprocess.Popen(
        [sys.executable, "-m", "mlctl", "train"], cwd=learner.root, stderr=subprocess.DEVNULL
    )
    try:
        while not (learner.root / "fitting").exists():
            assert child.poll() is None
            time.sleep(0.02)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    listed = runs(learner.session(), RunsRequest()).data.runs
    assert [(row.status, row.model) for row in listed] == [("killed", "demand")]
    assert learner.session().repository.decisions.names().versions("models/demand") == {}


@pytest.mark.parametrize("text", ["Infinity", "NaN"])
def test_a_parameter_that_no_record_can_hold_is_refused_and_not_kept_as_another(learner, text):
    with pytest.raises(UsageError, match="alpha"):
        trained(learner, set=(f"alpha={text}",))


def test_a_run_that_finds_no_rows_to_learn_from_is_recorded_as_failed(learner):
    learner.write("mlctl.toml", spec().replace("seed = 3", 'seed = 3\ntrain_where = "temp > 1000"'))
    with pytest.raises(TrainingFailed):
        trained(learner)
    failed = runs(learner.session(), RunsRequest()).data.runs
    assert [run.status for run in failed] == ["failed"]


def test_a_column_that_is_added_does_not_make_rows_without_a_key_look_new(learner):
    text = spec().replace('key = ["id"]\n', "").replace('time = ["day"]\n', "")
    text = text.replace('by = "time"', 'by = "random"').replace("exclude = []", "")
    learner.write(
        "mlctl.toml", text.replace('baseline = "mean"', 'baseline = "mean"\nexclude = ["id", "day"]')
    )
    trained(learner)
    session = learner.session()
    version = session.repository.facts.get(ModelVersion, trained(learner).data.digest)
    table = read_csv(learner.root / "data/rides.csv")
    wider = table.append_column("more", table.column("temp"))
    keys = keys_of(session, version)
    assert unseen_by(version, keys, wider, None).sum() == unseen_by(version, keys, table, None).sum() < 400
