"""`status`: what is stale, why, and the command that is next; following it makes everything clean."""

import shutil
from datetime import timedelta

import pytest

from mlctl.domain.errors import Missing, WouldChange
from mlctl.domain.monitoring import MonitorReport
from mlctl.domain.progress import silent
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_rm import DataRmRequest
from mlctl.domain.requests.eval import EvalRequest
from mlctl.domain.requests.log_drop import LogDropRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.pull import PullRequest
from mlctl.domain.requests.push import PushRequest
from mlctl.domain.requests.remote_add import RemoteAddRequest
from mlctl.domain.requests.status import StatusRequest, Unpushed
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_rm import data_rm
from mlctl.verbs.eval import eval as evaluate
from mlctl.verbs.log_drop import log_drop
from mlctl.verbs.promote import promote
from mlctl.verbs.pull import pull
from mlctl.verbs.push import push
from mlctl.verbs.remote_add import remote_add
from mlctl.verbs.status import status
from mlctl.verbs.train import train
from mlctl.verbs.undo import undo
from tests.store import full

TABLE = "id,day,temp,rides\n" + "".join(
    f"{n},2026-01-{n:02},{n % 7}.5,{10 * (n % 7) + n % 2}\n" for n in range(1, 29)
)
MODEL = """
[model.demand]
data = "rides"
target = "rides"
task = "regression"
estimator = "sklearn.linear_model:LinearRegression"
baseline = "mean"
params = { fit_intercept = true }

[model.demand.gates.production]
mae = { max = 1000 }
"""


@pytest.fixture
def modelled(project):
    """The small project with a model, its data added."""
    text = (project.root / "mlctl.toml").read_text(encoding="utf-8")
    project.write("mlctl.toml", text + MODEL)
    project.write("data/rides.csv", TABLE)
    data_add(project.session(), DataAddRequest())
    return project


@pytest.fixture
def promoted(modelled):
    """The model trained, evaluated and in production."""
    train(modelled.session(), TrainRequest())
    evaluate(modelled.session(), EvalRequest())
    promote(modelled.session(), PromoteRequest())
    return modelled


def look(project):
    return status(project.session(), StatusRequest())


def stale(project):
    """What is stale: (what, next)."""
    found = look(project).data
    return [(one.what, one.next) for part in (*found.datasets, *found.models) for one in part.stale]


def why(project):
    found = look(project).data
    return [one.why for part in (*found.datasets, *found.models) for one in part.stale]


def test_data_without_a_version_are_new(project):
    found = look(project)
    (dataset,) = found.data.datasets
    assert (dataset.name, dataset.version, dataset.state) == ("rides", None, "new")
    assert stale(project) == [("data rides", "mlctl data add data/rides.csv")]
    assert found.next == ("mlctl data add data/rides.csv",)
    assert not found.data.clean


def test_each_step_of_a_life_is_next_once(modelled):
    assert stale(modelled) == [("train demand", "mlctl train demand")]
    train(modelled.session(), TrainRequest())
    assert stale(modelled) == [("eval demand", "mlctl eval demand@1")]
    evaluate(modelled.session(), EvalRequest())
    assert stale(modelled) == [("promote demand", "mlctl promote demand@1 --to production")]
    promote(modelled.session(), PromoteRequest())
    assert stale(modelled) == []
    found = look(modelled)
    assert found.data.clean
    assert found.next == ()
    assert found.data.models[0].stages == {"production": 1}


def test_changed_bytes_make_data_and_model_stale(promoted):
    promoted.write("data/rides.csv", "id,day,temp,rides\n1,2026-01-01,1,2\n")
    assert stale(promoted) == [
        ("data rides", "mlctl data add data/rides.csv"),
        ("train demand", "mlctl train demand"),
    ]
    assert look(promoted).data.datasets[0].state == "changed"


def test_a_touched_file_with_the_same_bytes_is_not_stale(promoted):
    file = promoted.root / "data/rides.csv"
    file.write_bytes(file.read_bytes())
    assert stale(promoted) == []


def test_a_new_data_version_makes_the_model_stale_and_names_both_versions(promoted):
    text = (promoted.root / "data/rides.csv").read_text(encoding="utf-8")
    promoted.write("data/rides.csv", text + "29,2026-01-29,1.5,87\n")
    data_add(promoted.session(), DataAddRequest())
    assert stale(promoted) == [("train demand", "mlctl train demand")]
    assert why(promoted) == ["the newest run learnt from rides@1, the work tree holds rides@2"]


def test_a_changed_spec_names_the_keys_that_matter(promoted):
    spec = promoted.root / "mlctl.toml"
    text = spec.read_text(encoding="utf-8")
    spec.write_text(text.replace("fit_intercept = true", "fit_intercept = false"), encoding="utf-8")
    assert stale(promoted) == [("train demand", "mlctl train demand")]
    assert why(promoted) == ["the spec has changed since the newest run: params"]
    spec.write_text(text.replace("max = 1000", "max = 999"), encoding="utf-8")
    assert stale(promoted) == []


def test_a_missing_file_with_a_pointer_is_to_be_checked_out(promoted):
    (promoted.root / "data/rides.csv").unlink()
    assert stale(promoted) == [("data rides", "mlctl data checkout rides")]
    assert look(promoted).data.datasets[0].version == 1


def test_a_version_that_was_withdrawn_is_to_be_trained_again(modelled):
    train(modelled.session(), TrainRequest())
    undo(modelled.session(), UndoRequest())
    assert stale(modelled) == [("train demand", "mlctl train demand")]


def test_a_refused_candidate_is_no_work_to_do(modelled):
    spec = modelled.root / "mlctl.toml"
    spec.write_text(spec.read_text(encoding="utf-8").replace("max = 1000", "max = 0.0"), encoding="utf-8")
    train(modelled.session(), TrainRequest(set=("positive=true",)))
    evaluate(modelled.session(), EvalRequest())
    assert [what for what, _ in stale(modelled)] == ["train demand"]


def test_a_standing_alarm_leads_to_the_loop(promoted):
    session = promoted.session()
    digest = session.repository.decisions.names().value("stages/demand/production")
    report = MonitorReport(
        created_at=session.now(),
        model="demand",
        model_digest=digest,
        stage="production",
        key=digest,
        windows=(),
        alarm=True,
    )
    session.repository.facts.add(report)
    assert stale(promoted) == [("monitor demand", "mlctl loop demand --once")]


def test_logged_answers_are_to_be_looked_at_after_a_window(promoted):
    session = promoted.session()
    live = session.repository.layout.live_predictions / "demand"
    live.mkdir(parents=True, exist_ok=True)
    (live / "01JD8000000000000000000000.log").write_bytes(b"x")
    assert stale(promoted) == [("monitor demand", "mlctl monitor demand")]
    digest = session.repository.decisions.names().value("stages/demand/production")
    report = MonitorReport(
        created_at=promoted.session().now(),
        model="demand",
        model_digest=digest,
        stage="production",
        key=digest,
        windows=(),
        alarm=False,
    )
    session.repository.facts.add(report)
    assert stale(promoted) == []
    later = promoted.session()
    moment = later.clock() + timedelta(days=8)
    later.clock = lambda: moment
    found = status(later, StatusRequest()).data
    assert [one.what for one in found.models[0].stale] == ["monitor demand"]


def test_check_refuses_with_everything_that_is_stale(project):
    with pytest.raises(WouldChange) as raised:
        status(project.session(), StatusRequest(check=True))
    assert raised.value.exit_code == 43
    assert raised.value.data == look(project).data
    assert raised.value.hints == ("mlctl data add data/rides.csv",)


def test_check_passes_where_nothing_is_stale(promoted):
    assert status(promoted.session(), StatusRequest(check=True)).data.clean


def test_a_broken_spec_is_told_and_data_are_still_shown(promoted):
    promoted.write("mlctl.toml", "spec = 1\n[projekt]\n")
    found = look(promoted)
    assert [dataset.name for dataset in found.data.datasets] == ["rides"]
    assert found.warnings
    assert not found.data.clean


def test_looking_writes_no_decision(promoted):
    before = promoted.decisions()
    look(promoted)
    assert promoted.decisions() == before


def waits(project):
    found = status(project.session(), StatusRequest())
    return found.data.unpushed, found.next


def test_what_waits_for_a_push_is_counted_by_what_the_remote_is_known_to_hold(project, tmp_path):
    data_add(project.session(), DataAddRequest(paths=("data/rides.csv",)))
    assert waits(project)[0] is None
    remote_add(project.session(), RemoteAddRequest(name="origin", url=str(tmp_path / "store")))
    size = (project.root / "data/rides.csv").stat().st_size
    first, _ = waits(project)
    assert (first.remote, first.decisions, first.facts, first.files, first.bytes, first.next) == (
        ("origin", 2, 1, 1, size, "mlctl push")
    )
    push(project.session(), PushRequest())
    assert waits(project)[0] == Unpushed(remote="origin")
    project.write("images/a", "a")
    data_add(project.session(), DataAddRequest(paths=("images",)))
    assert waits(project)[0] == Unpushed(
        remote="origin", decisions=1, facts=1, files=1, bytes=1, next="mlctl push"
    )
    full.add_evaluation(project.session().repository, full.ANY, full.ANY)
    assert (waits(project)[0].decisions, waits(project)[0].facts) == (1, 2)
    push(project.session(), PushRequest())
    assert waits(project)[0] == Unpushed(remote="origin")


def test_a_dropped_decision_does_not_wait_and_what_is_stale_comes_first(project, tmp_path):
    remote_add(project.session(), RemoteAddRequest(name="origin", url=str(tmp_path / "store")))
    push(project.session(), PushRequest())
    data_add(project.session(), DataAddRequest(paths=("data/rides.csv",)))
    assert waits(project)[1] == ("mlctl push",)
    project.write("data/rides.csv", "id,rides\n1,2\n")
    log_drop(project.session(), LogDropRequest(decision="p1"))
    found, then = waits(project)
    assert (found.decisions, found.facts) == (0, 1)
    assert then[0].startswith("mlctl data add")


def test_a_remote_that_cannot_hold_the_log_is_not_pushed_to(project, tmp_path):
    with (project.root / ".mlctl/config.toml").open("a") as config:
        config.write(f'\n[remotes.origin]\nurl = "{tmp_path}/store"\nlog = false\n')
    assert waits(project)[0] is None


def test_what_was_taken_away_on_purpose_is_not_stale(project):
    project.write("images/a", "a")
    data_add(project.session(), DataAddRequest(paths=("images",)))
    data_rm(project.session(), DataRmRequest(names=("images",)))

    def images():
        found = status(project.session(), StatusRequest()).data
        return next((one.state, one.stale) for one in found.datasets if one.name == "images")

    assert images() == ("untracked", ())
    shutil.rmtree(project.root / "images")
    assert images() == ("absent", ())


def test_a_log_that_is_gone_is_told_and_nothing_is_decided_without_it(project, tmp_path):
    data_add(project.session(), DataAddRequest())
    layout = project.session().repository.layout
    shutil.copytree(layout.decisions, tmp_path / "kept")
    shutil.rmtree(layout.decisions)
    found = look(project).data
    assert (found.clean, found.log.what, found.log.next) == (False, "log", "mlctl fsck")
    assert found.log.why.startswith("decision 1 is missing:")
    with pytest.raises(WouldChange, match="stale: log"):
        status(project.session(), StatusRequest(check=True))
    for folder_is_there in (False, True):
        if folder_is_there:
            layout.decisions.mkdir()
        with pytest.raises(Missing, match="decision 1 is missing"):
            data_add(project.session(), DataAddRequest())
        assert not layout.decision(1).exists()
    shutil.copytree(tmp_path / "kept", layout.decisions, dirs_exist_ok=True)
    assert (look(project).data.clean, look(project).data.log) == (True, None)


def test_a_decision_lost_before_others_is_told_and_a_pull_brings_it(project, tmp_path):
    data_add(project.session(), DataAddRequest())
    project.write("data/rides.csv", TABLE)
    data_add(project.session(), DataAddRequest())
    remote_add(project.session(), RemoteAddRequest(name="origin", url=str(tmp_path / "remote")))
    push(project.session(), PushRequest())
    project.session().repository.layout.decision(2).unlink()
    found = look(project).data.log
    assert (found.next, "decision 2 is missing" in found.why) == ("mlctl pull", True)
    pull(PullRequest(folder=str(project.root)), report=silent, command="mlctl pull")
    assert look(project).data.log is None
    assert project.session().repository.layout.decision(2).exists()
