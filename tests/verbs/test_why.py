"""`why`: each difference is swapped by itself, in real git projects, and gets its share of the metric's."""

import subprocess
import tempfile

import msgspec
import pytest

from mlctl.domain.errors import NotFound, UsageError
from mlctl.domain.model import ModelVersion
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.requests.why import WhyRequest
from mlctl.project.resolve import resolve_run
from mlctl.verbs.data_add import data_add
from mlctl.verbs.promote import promote
from mlctl.verbs.train import train
from mlctl.verbs.why import why
from tests.verbs.learner import rows, spec
from tests.verbs.programs import LINE, LINES, command_spec

BUILT = 'build = "own.py:make"'
OWN = """\
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from parts.columns import chosen
from parts.settings import penalty


def make(alpha=1.0):
    return make_pipeline(chosen(), Ridge(alpha=alpha * penalty()))
"""
COLUMNS = """\
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import StandardScaler

from parts.names import PLACES


def chosen():
    return ColumnTransformer([("kept", StandardScaler(), PLACES)])
"""
SETTINGS = """\
import os
from pathlib import Path


def penalty():
    return float(Path("penalty.txt").read_text()) * float(os.environ.get("PENALTY", "1"))
"""


@pytest.fixture(autouse=True)
def room(tmp_path, monkeypatch):
    """Where temporary folders go; nothing is left there."""
    folder = tmp_path / "room"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    yield folder
    assert list(folder.iterdir()) == []


def git(project, *words):
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", *identity, *words], cwd=project.root, check=True, capture_output=True)


def commit(project):
    git(project, "add", "-A")
    git(project, "commit", "-qm", "state")


@pytest.fixture
def built(learner):
    """A project with code of its own, trained and committed: modules two imports away, a settings file."""
    learner.write("mlctl.toml", spec().replace('estimator = "sklearn.linear_model:Ridge"', BUILT))
    for path, text in {
        "own.py": OWN,
        "parts/__init__.py": "",
        "parts/columns.py": COLUMNS,
        "parts/names.py": "PLACES = [0, 1]\n",
        "parts/settings.py": SETTINGS,
        "penalty.txt": "1\n",
    }.items():
        learner.write(path, text)
    commit(learner)
    train(learner.session(), TrainRequest())
    return learner


def asked(project, old="demand@1", new=None, **more):
    return why(project.session(), WhyRequest(old=old, new=new, **more))


def shares(found):
    return {one.name: one.share for one in found.shares}


def test_parameters_of_a_library_are_told_apart_exactly_and_the_second_time_is_a_no_op(learner):
    train(learner.session(), TrainRequest())
    learner.write(
        "mlctl.toml", spec(params='{ alpha = 900.0, solver = "svd" }').replace("seed = 3", "seed = 4")
    )
    train(learner.session(), TrainRequest())
    before = learner.decisions()
    planned = asked(learner, dry_run=True).data
    assert (planned.dry_run, planned.changed, planned.value_new) == (True, True, None)
    assert [one.taken for one in planned.fits][:2] == [("parameter alpha",), ("parameter solver",)]
    found = asked(learner).data
    assert (found.metric, found.better, found.rows, found.left_out) == ("mae", "lower", 100, 0)
    assert (found.value_old, found.value_new) == (found.recorded_old, found.recorded_new)
    assert found.difference == pytest.approx(found.value_new - found.value_old)
    first = found.shares[0]
    assert first.name == "parameter alpha"
    assert first.share == pytest.approx(found.difference, rel=1e-6)
    assert set(shares(found)) == {"parameter alpha", "parameter solver", "seed"}
    assert found.exact
    assert (found.together, found.luck, first.within_luck) == (0, 0, False)  # a ridge asks no seed
    assert sum(shares(found).values()) + found.rest == pytest.approx(found.difference)
    assert [one.source for one in found.fits] == ["fitted"] * 6
    again = asked(learner).data
    assert not again.changed
    assert [one.source for one in again.fits] == ["kept"] * 6
    assert shares(again) == shares(found)
    assert not asked(learner, dry_run=True).data.changed
    assert asked(learner, metric="r2").data.shares[0].share < 0  # all metrics were kept
    assert not asked(learner, metric="r2").data.changed
    assert learner.decisions() == before


def test_a_hybrid_that_was_trained_is_taken_from_the_store(learner):
    train(learner.session(), TrainRequest())
    train(learner.session(), TrainRequest(set=("alpha=900.0",)))
    train(learner.session(), TrainRequest(seed=9))
    train(learner.session(), TrainRequest(set=("alpha=900.0",), seed=9))
    found = asked(learner, "demand@1", "demand@4").data
    assert [(one.taken, one.source) for one in found.fits] == [
        (("parameter alpha",), "run"),
        (("seed",), "run"),
    ]
    assert not found.changed


def test_a_module_two_imports_away_a_settings_file_and_a_variable(built, monkeypatch):
    built.write("parts/names.py", "PLACES = [1]  # the temperature is lost\n")
    built.write("own.py", OWN.replace("    return make", "    alpha = float(alpha)\n    return make"))
    built.write("penalty.txt", "2\n")
    monkeypatch.setenv("PENALTY", "1.5")
    commit(built)
    train(built.session(), TrainRequest())
    built.write("parts/names.py", "PLACES = 'nonsense'\n")  # what stands here now plays no part
    found = asked(built, "demand@1", "demand@2").data
    assert set(shares(found)) == {
        "code parts/names.py",
        "code own.py",
        "file penalty.txt",
        "variable PENALTY",
    }
    assert found.shares[0].name == "code parts/names.py"
    assert found.shares[0].share == pytest.approx(found.difference, rel=0.05)
    assert shares(found)["code own.py"] == pytest.approx(0)
    assert found.exact
    assert len(found.fits) == 14
    monkeypatch.delenv("PENALTY")  # its value then is known to nobody any more
    lost = asked(built, "demand@1", "demand@2").data
    assert [(one.kind, one.name) for one in lost.not_swapped] == [("variable", "PENALTY")]
    assert "variable PENALTY" not in shares(lost)
    assert lost.rest == pytest.approx(shares(found)["variable PENALTY"], abs=0.01)


def test_uncommitted_code_counts_as_it_was_kept(built):
    built.write("parts/names.py", "PLACES = [1]\n")
    built.write("penalty.txt", "3\n")
    train(built.session(), TrainRequest())
    git(built, "checkout", "-q", ".")
    found = asked(built).data
    assert found.shares[0].name == "code parts/names.py"
    assert set(shares(found)) == {"code parts/names.py", "file penalty.txt"}


def test_what_only_goes_together_is_one(built):
    made = OWN.replace("alpha=1.0", "alpha=1.0, least=0.0").replace(
        "alpha * penalty()", "alpha + least + extra()"
    )
    built.write(
        "own.py", made.replace("from parts.settings", "from parts.more import extra\nfrom parts.settings")
    )
    built.write("parts/more.py", "def extra():\n    return 0.0\n")
    built.write("penalty.txt", "2\n")
    text = (built.root / "mlctl.toml").read_text()
    built.write("mlctl.toml", text.replace("params = {}", "params = { least = 5000.0 }"))
    commit(built)
    train(built.session(), TrainRequest())
    found = asked(built).data
    together = found.shares[0]
    assert together.name == "parameter least and code own.py and code parts/more.py"
    assert {(one.kind, one.name) for one in together.changes} == {
        ("parameter", "least"),
        ("code", "own.py"),
        ("code", "parts/more.py"),
    }
    assert "unexpected keyword argument 'least'" in together.errors[0]
    assert together.share == pytest.approx(found.difference, rel=0.05)
    assert next(one.error for one in found.fits if one.taken == ("parameter least",)).startswith("building")


def test_new_data_against_another_penalty(learner):
    train(learner.session(), TrainRequest())
    lines = rows(days=440).splitlines()
    wrong = [
        f"{line.rsplit(',', 1)[0]},0" if 50 < number < 200 else line for number, line in enumerate(lines)
    ]
    learner.write("data/rides.csv", "\n".join(wrong) + "\n")
    learner.write("mlctl.toml", spec(params="{ alpha = 1.5 }"))
    data_add(learner.session(), DataAddRequest())
    train(learner.session(), TrainRequest())
    found = asked(learner).data
    assert found.shares[0].name == "data rides"
    assert [(one.old, one.new) for one in found.shares[0].changes] == [("rides@1", "rides@2")]
    assert found.shares[0].share == pytest.approx(found.difference, rel=0.05)


def test_data_that_are_only_harder_are_told_by_their_rows(learner):
    train(learner.session(), TrainRequest())
    head, *lines = rows().splitlines()
    harder = [f"{line}1" if number % 2 else line for number, line in enumerate(lines)]  # a digit more
    far = [f"{line.rpartition(',')[0]},{90 * (number % 2)}" for number, line in enumerate(lines)]
    learner.write("data/rides.csv", "\n".join([head, *harder[:300], *far[300:]]) + "\n")
    learner.write("mlctl.toml", spec(params="{ alpha = 1.2 }"))
    data_add(learner.session(), DataAddRequest())
    train(learner.session(), TrainRequest())
    found = asked(learner).data
    recorded = found.recorded_new - found.recorded_old
    assert recorded > 30
    assert found.by_rows == pytest.approx(recorded - found.difference)
    assert abs(found.difference) < 0.1 * recorded


def test_rows_that_one_has_learnt_from_are_left_out_of_all(learner):
    learner.write("mlctl.toml", spec().replace('test = "25%"', 'test = "10%"'))
    train(learner.session(), TrainRequest())
    learner.write("mlctl.toml", spec(params="{ alpha = 500.0 }"))
    train(learner.session(), TrainRequest())
    found = asked(learner).data
    assert (found.rows, found.left_out) == (40, 60)
    assert set(shares(found)) == {"split", "parameter alpha"}
    assert found.shares[0].name == "parameter alpha"


def test_without_rows_to_compare_on_nothing_is_fitted(learner):
    train(learner.session(), TrainRequest())
    learner.write("data/rides.csv", rows(days=200))
    data_add(learner.session(), DataAddRequest())
    train(learner.session(), TrainRequest())
    with pytest.raises(UsageError, match="of the 50 test rows of demand@2 there is none that neither"):
        asked(learner)


def test_what_cannot_be_asked_is_told(learner):
    train(learner.session(), TrainRequest())
    same = asked(learner).data
    assert (same.shares, same.difference, same.changed) == ((), 0, False)
    learner.write("mlctl.toml", spec().replace('target = "rides"', 'target = "wind"'))
    train(learner.session(), TrainRequest())
    with pytest.raises(UsageError, match="their target is rides and wind"):
        asked(learner)
    with pytest.raises(UsageError, match="a regression has mae"):
        asked(learner, "demand@1", "demand@1", metric="recall")
    with pytest.raises(UsageError, match="between 1 and"):
        asked(learner, fits=0)
    with pytest.raises(NotFound):
        asked(learner, "demand@9")


def test_the_luck_of_the_seed_is_held_against_small_shares(learner):
    forest = spec("sklearn.ensemble:RandomForestRegressor", "{ n_estimators = 5 }")
    learner.write("mlctl.toml", forest)
    train(learner.session(), TrainRequest())
    learner.write(
        "mlctl.toml", forest.replace("n_estimators = 5", "n_estimators = 6").replace("seed = 3", "seed = 4")
    )
    train(learner.session(), TrainRequest())
    unknown = asked(learner)
    assert (unknown.data.luck, unknown.next) == (None, ("mlctl train demand@2 --repeats 5",))
    train(learner.session(), TrainRequest(model="demand@2", repeats=5))
    found = asked(learner)
    assert found.data.luck > 0
    assert found.next == ()
    assert all(one.within_luck for one in found.data.shares)


def test_fewer_fits_than_would_be_needed_tell_what_they_can(learner):
    train(learner.session(), TrainRequest())
    learner.write("mlctl.toml", spec(params='{ alpha = 900.0, solver = "svd", tol = 0.1 }'))
    train(learner.session(), TrainRequest())
    lacking = asked(learner, fits=1).data
    assert [one.taken for one in lacking.fits] == [("parameter alpha",)]
    assert not lacking.exact
    assert [one.share is None for one in lacking.shares] == [False, False]  # the other one's by what is left
    found = asked(learner, fits=2).data
    assert [one.name for one in found.shares] == ["parameter alpha", "parameter solver and parameter tol"]
    assert found.exact


def test_many_differences_are_swapped_in_groups_and_the_group_that_matters_is_taken_apart(learner):
    named = {f"p{number}": number for number in range(12)}
    learner.write(
        "own.py",
        f"""
from sklearn.linear_model import Ridge


def make({", ".join(f"{name}=0" for name in named)}):
    return Ridge(alpha=1.0 + 900 * p7 + 0.001 * p3)
""",
    )
    text = spec().replace('estimator = "sklearn.linear_model:Ridge"', BUILT)
    learner.write("mlctl.toml", text)
    train(learner.session(), TrainRequest())
    params = ", ".join(f"{name} = {number + 1}" for name, number in named.items())
    learner.write("mlctl.toml", text.replace("params = {}", f"params = {{ {params} }}"))
    train(learner.session(), TrainRequest())
    planned = asked(learner, fits=16, dry_run=True).data
    assert (len(planned.shares), len(planned.fits)) == (12, 14)
    found = asked(learner, fits=16).data
    assert len(found.fits) <= 16
    assert "parameter p7" in found.shares[0].name
    assert len(found.shares[0].changes) <= 3


def classes(line):
    """A row whose target is a class."""
    before, _, target = line.rpartition(",")
    return f"{before},{'busy' if float(target) > 50 else 'calm'}"


def test_classes_by_their_scores_and_a_stage_whose_version_was_refitted(learner):
    head, *lines = rows().splitlines()
    learner.write("data/rides.csv", "\n".join([head, *map(classes, lines)]) + "\n")
    text = spec("sklearn.linear_model:LogisticRegression", gates="")
    text = text.replace('["mae", "r2"]', '["roc_auc", "log_loss"]').replace('"mean"', '"prior"')
    learner.write("mlctl.toml", text)
    train(learner.session(), TrainRequest())
    promote(learner.session(), PromoteRequest(model="demand@1"))
    text = text.replace("params = {}", "params = { C = 0.0001, tol = 0.001 }")
    learner.write("mlctl.toml", text.replace("seed = 3", 'seed = 3\nexclude = ["temp"]'))
    train(learner.session(), TrainRequest())
    found = asked(learner, "demand@production", "demand@2").data
    assert (found.old.label, found.metric, found.better) == ("demand@1", "roc_auc", "higher")
    assert found.shares[0].name == "exclude temp"
    assert found.shares[0].share < -0.2
    assert set(shares(found)) == {"exclude temp", "parameter C", "parameter tol"}
    assert found.value_old == found.recorded_old
    loss = asked(learner, "demand@production", "demand@2", metric="log_loss").data
    assert not loss.changed
    assert {loss.shares[0].name, loss.shares[1].name} == {"exclude temp", "parameter C"}


def test_the_files_of_a_program_of_its_own(learner):
    learner.write("mlctl.toml", command_spec())
    learner.write("own.py", LINE)
    learner.write(
        "train.py",
        "from scale import SCALE\n" + LINES.replace("(matrix, target)", "(matrix, SCALE * target)"),
    )
    learner.write("scale.py", "SCALE = 1.0\n")
    train(learner.session(), TrainRequest())
    commit(learner)
    learner.write("scale.py", "SCALE = 1.5\n")
    learner.write("mlctl.toml", command_spec(params="{ alpha = 0.7 }"))
    train(learner.session(), TrainRequest())
    found = asked(learner).data
    assert set(shares(found)) == {"file scale.py", "parameter alpha"}
    assert found.shares[0].name == "file scale.py"
    assert found.shares[0].share == pytest.approx(found.difference)


def test_from_a_library_s_estimator_to_code_of_the_project(learner):
    train(learner.session(), TrainRequest())
    learner.write("own.py", "from parts import ridge\n\n\ndef make(alpha):\n    return ridge(alpha)\n")
    learner.write(
        "parts.py",
        "from sklearn.linear_model import Ridge\n\n\ndef ridge(alpha):\n    return Ridge(900 * alpha)\n",
    )
    text = spec(params="{ alpha = 1.1 }").replace('estimator = "sklearn.linear_model:Ridge"', BUILT)
    learner.write("mlctl.toml", text.replace("seed = 3", "seed = 4"))
    commit(learner)
    train(learner.session(), TrainRequest())
    learner.write("parts.py", "nonsense(")
    found = asked(learner).data
    assert set(shares(found)) == {"estimator and parameter alpha", "seed"}
    assert found.shares[0].share == pytest.approx(found.difference)
    back = asked(learner, "demand@2", "demand@1").data
    assert back.shares[0].share == pytest.approx(-found.difference)


def test_a_run_whose_record_does_not_say_what_code_ran_is_refused(built):
    session = built.session()
    run = resolve_run(session, asked(built, "demand@1", "demand@1").data.old.run).run
    version = session.repository.facts.where(ModelVersion, run=run.run)[0][1]
    older = msgspec.structs.replace(run, run=session.new_id(), used=None)
    session.repository.facts.add(older)
    session.repository.facts.add(msgspec.structs.replace(version, run=older.run))
    with pytest.raises(UsageError, match="its record does not say which") as caught:
        asked(built, "demand@1", f"run:{older.run}")
    assert caught.value.hints == ("mlctl train demand --no-cache",)


def test_a_run_of_another_machine_is_fitted_again_here(learner):
    train(learner.session(), TrainRequest())
    session = learner.session()
    run = resolve_run(session, asked(learner, "demand@1", "demand@1").data.old.run).run
    version = session.repository.facts.where(ModelVersion, run=run.run)[0][1]
    notes = {**run.notes, "kernels": dict.fromkeys(run.notes["kernels"], "0.1 Other")}
    elsewhere = msgspec.structs.replace(run, run=session.new_id(), notes=notes)
    session.repository.facts.add(elsewhere)
    session.repository.facts.add(msgspec.structs.replace(version, run=elsewhere.run))
    learner.write("mlctl.toml", spec(params="{ alpha = 500.0 }"))
    train(learner.session(), TrainRequest())
    found = asked(learner, f"run:{elsewhere.run}", "demand@2").data
    assert {one.kind for one in found.not_swapped} == {"machine"}
    assert [(one.taken, one.source) for one in found.fits] == [((), "run")]  # that of the run made here
    assert found.shares[0].name == "parameter alpha"
    assert found.rest == pytest.approx(0, abs=1e-9)
