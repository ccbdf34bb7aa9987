"""`reproduce`: a fit from the record alone gives the same bits, or the place and the reason are told."""

import contextlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import numpy as np
import pytest

from mlctl.domain.decision import Change, Draft
from mlctl.domain.errors import Corrupt, DidNotReproduce, Missing, NotFound, TrainingFailed, UsageError
from mlctl.domain.ids import Digest
from mlctl.domain.model import ModelVersion
from mlctl.domain.progress import silent
from mlctl.domain.refs import model_level
from mlctl.domain.reproduction import Reproduction
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.fsck import FsckRequest
from mlctl.domain.requests.init import InitRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.reproduce import ReproduceRequest
from mlctl.domain.requests.show import ShowRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.run import Run
from mlctl.project.resolve import resolve_run
from mlctl.project.session import Session
from mlctl.store.reachable import reachable
from mlctl.store.repository import Repository
from mlctl.verbs.data_add import data_add
from mlctl.verbs.fsck import fsck
from mlctl.verbs.init import init
from mlctl.verbs.promote import promote
from mlctl.verbs.reproduce import reproduce
from mlctl.verbs.show import show
from mlctl.verbs.train import train
from tests.verbs.conftest import Project
from tests.verbs.learner import rows, spec

BUILT = 'build = "own.py:make"'
OWN = """\
from pathlib import Path

from sklearn.linear_model import Ridge

from parts.penalty import PENALTY


def make():
    return Ridge(alpha=PENALTY + float(Path("private.txt").read_text()))
"""


def corpus():
    """The planted projects of the benchmark, by name."""
    path = Path(__file__).parents[2] / "benchmarks" / "reproduce_corpus.py"
    found = importlib.util.spec_from_file_location("reproduce_corpus", path)
    module = importlib.util.module_from_spec(found)
    sys.modules["reproduce_corpus"] = module
    found.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def room(tmp_path, monkeypatch):
    """Where temporary folders go; nothing is left there."""
    folder = tmp_path / "room"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def built(learner):
    """A project with code of its own, one file committed, one not, one ignored; nothing is trained."""
    learner.write("mlctl.toml", spec().replace('estimator = "sklearn.linear_model:Ridge"', BUILT))
    learner.write("own.py", OWN)
    learner.write("parts/__init__.py", "")
    learner.write("parts/penalty.py", "PENALTY = 1.0\n")
    learner.write("private.txt", "0.5\n")
    (learner.root / ".gitignore").open("a").write("private.txt\n")
    return learner


def again(project, selector=None, **more):
    return reproduce(project.session(), ReproduceRequest(selector=selector, **more)).data


def via(session, kind):
    acting = msgspec.structs.replace(session.actor, via=kind)
    return Session(session.repository, command="mlctl test", clock=session.clock, actor=acting)


def git(project, *words):
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", *identity, *words], cwd=project.root, check=True, capture_output=True)


def tree(root):
    """All files of the project and of git, and the names; the store may remember what it has read."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not path.is_relative_to(root / ".mlctl")
    }


def no(project, selector=None, **more):
    with pytest.raises(DidNotReproduce) as caught:
        again(project, selector, **more)
    return caught.value.data


def test_a_run_is_equal_bit_for_bit_and_nothing_is_left_behind(learner):
    made = train(learner.session(), TrainRequest()).data
    before, decisions = tree(learner.root), learner.decisions()
    planned = again(learner, dry_run=True)
    assert (planned.equal, planned.attempts, planned.data) == (None, (), ("rides@1",))
    found = again(learner)
    assert (found.equal, found.place, found.cause, found.run) == (True, None, None, made.run)
    assert [one.place for one in found.compared] == [
        "rows", "encodings", "parameters", "files", "answers", "metrics",
    ]  # fmt: skip
    assert [(one.number, one.as_recorded) for one in found.attempts] == [(1, True)]
    assert (tree(learner.root), learner.decisions()) == (before, decisions)


def test_the_folds_of_a_run_are_fitted_again_too(learner):
    folds = spec().replace('test = "25%"', 'test = "15%"\nfolds = 3')
    assert "folds" in folds
    learner.write("mlctl.toml", folds)
    train(learner.session(), TrainRequest())
    found = again(learner)
    assert found.equal
    assert "mae" in found.compared[-1].told
    assert any(name.endswith(("spread", "mean")) or "fold" in name for name in run_of(learner, found).metrics)


def run_of(project, found):
    return resolve_run(project.session(), found.run).run


def test_the_record_counts_and_not_what_the_project_has_become(built):
    git(built, "add", "-A")
    git(built, "commit", "-qm", "begin")
    built.write("parts/penalty.py", "PENALTY = 2.0\n")  # not committed when it is trained
    made = train(built.session(), TrainRequest()).data
    built.write("parts/penalty.py", "PENALTY = 3.0\n")
    built.write("own.py", "raise RuntimeError\n")
    built.write("mlctl.toml", spec(params="{ alpha = 9.0 }"))
    built.write("data/rides.csv", rows(days=50))
    data_add(built.session(), DataAddRequest())
    git(built, "commit", "-qam", "another")
    found = again(built, made.run)
    assert found.equal
    assert found.code.startswith("commit ")
    built.write("private.txt", "7\n")  # git never had it
    found = no(built, made.run)
    assert (found.place, found.cause) == ("parameters", "code or data changed")
    assert found.departures == ("file: private.txt changed",)
    assert found.compared[2].told == "alpha 2.5 -> 9.0"
    assert len(found.attempts) == 3
    git(built, "checkout", "-q", "--orphan", "other")
    git(built, "commit", "-qam", "fresh")
    git(built, "branch", "-D", "-q", "master")
    git(built, "reflog", "expire", "--expire=now", "--all")
    git(built, "gc", "-q", "--prune=now")
    with pytest.raises(Missing, match="git does not have commit") as caught:
        again(built, made.run)
    assert caught.value.hints == ("git fetch --all",)


def test_the_code_of_an_uncommitted_project_is_kept_by_the_run(built):
    made = train(built.session(), TrainRequest()).data
    built.write("own.py", "raise RuntimeError\n")
    assert again(built, made.run).equal
    patch = resolve_run(built.session(), made.run).run.code.patch
    Repository.find(built.root).layout.object(Digest(patch)).unlink()
    with pytest.raises(Missing, match="uncommitted files of run") as caught:
        again(built, made.run)
    assert caught.value.hints == ("mlctl pull", "mlctl fsck")


def test_without_git_the_files_that_it_used_have_to_be_as_they_were(built):
    shutil.rmtree(built.root / ".git")
    made = train(built.session(), TrainRequest()).data
    built.write("parts/penalty.py", "PENALTY = 1.0  # thick\n")
    built.write("unrelated.py", "raise RuntimeError\n")
    found = again(built, made.run)
    assert (found.equal, found.departures) == (True, ())
    assert found.code == "no git: the project's files that the run used"
    built.write("parts/penalty.py", "PENALTY = 2.0\n")
    assert again(built, made.run, dry_run=True).departures == ("code: parts/penalty.py:1 changed",)
    found = no(built, made.run)
    assert (found.place, found.cause) == ("parameters", "code or data changed")
    assert "parts/penalty.py:1 changed" in found.proof


def test_data_that_the_code_reads_come_in_the_version_that_it_read(built):
    built.write(
        "mlctl.toml", (built.root / "mlctl.toml").read_text() + '\n[data.extra]\npath = "extra.csv"\n'
    )
    built.write("own.py", OWN.replace("private.txt", "extra.csv").replace("read_text()", "read_text()[2:]"))
    built.write("extra.csv", "a\n4\n")
    data_add(built.session(), DataAddRequest())
    made = train(built.session(), TrainRequest()).data
    built.write("extra.csv", "a\n5\n")
    data_add(built.session(), DataAddRequest())
    found = again(built, made.run)
    assert (found.equal, found.departures) == (True, ())


def test_a_project_in_a_folder_of_a_repository(tmp_path, monkeypatch):
    project = Project(tmp_path / "all" / "models" / "small")
    project.write("mlctl.toml", spec().replace('estimator = "sklearn.linear_model:Ridge"', BUILT))
    project.write("own.py", 'import sys\n\nsys.path.append("../../house")\nfrom wide import make\n')
    project.write(
        "../../house/wide.py", "from sklearn.linear_model import Ridge\n\n\ndef make():\n    return Ridge()\n"
    )
    project.write("data/rides.csv", rows())
    subprocess.run(["git", "init", "-q", str(tmp_path / "all")], check=True)
    init(InitRequest(directory=str(project.root)), report=silent, command="mlctl init")
    monkeypatch.chdir(project.root)
    git(project, "add", "-A", str(tmp_path / "all"))
    git(project, "commit", "-qm", "begin")
    made = train(project.session(), TrainRequest()).data
    project.write("../../house/wide.py", "raise RuntimeError\n")
    found = again(project, made.run)
    assert (found.equal, found.departures) == (True, ())


def test_a_refit_and_what_learnt_from_frozen_rows(learner, freeze):
    train(learner.session(), TrainRequest())
    promote(learner.session(), PromoteRequest())
    found = again(learner, "demand@production")
    assert (found.equal, found.label, found.purpose) == (True, "demand@1 (refit)", "refit")
    days = [f"2011-0{1 + n // 28}-{1 + n % 28:02}" for n in range(112)]
    temp = [float(n % 13) for n in range(112)]
    freeze(
        "demand-served",
        {
            "id": list(range(112)),
            "day": days,
            "temp": temp,
            "wind": temp[::-1],
            "rides": [3 * one for one in temp],
        },
    )
    made = train(learner.session(), TrainRequest(data="demand-served@1")).data
    assert again(learner, made.run).equal


def test_a_level_is_left_out_and_said(learner):
    made = train(learner.session(), TrainRequest()).data
    session = learner.session()
    version = session.repository.facts.get(ModelVersion, made.digest)
    leveled = session.repository.facts.add(msgspec.structs.replace(version, level=1.25))
    changes = [
        Change(name=name, old=None, new=leveled)
        for name in (model_level("demand", 1, 1), "stages/demand/production")
    ]
    session.repository.decisions.commit(
        lambda _names: Draft(kind="recalibrate", changes=tuple(changes), needs=(leveled,)),
        actor=session.actor,
        command="mlctl test",
        now=session.now,
    )
    outcome = reproduce(learner.session(), ReproduceRequest(selector="demand@production", dry_run=True))
    assert outcome.data.digest == made.digest
    assert "the level 1.25 of demand@" in outcome.warnings[0]


def test_data_that_are_gone_are_named(learner):
    made = train(learner.session(), TrainRequest()).data
    learner.write("data/rides.csv", rows(days=50))
    shutil.rmtree(learner.root / ".mlctl" / "cache")
    with pytest.raises(NotFound, match="there is no remote to fetch it from") as caught:
        again(learner, made.run)
    assert caught.value.hints == ("mlctl remote add origin URL",)


def test_what_cannot_be_fitted_again_is_refused(built):
    built.write("private.txt", "no number\n")
    with pytest.raises(TrainingFailed):
        train(built.session(), TrainRequest())
    run = next(run for _, run in Repository.find(built.root).facts.all(Run))
    with pytest.raises(UsageError, match="failed, and made no model"):
        again(built, run.run)
    with pytest.raises(UsageError, match="is a dataset"):
        again(built, "rides@1")
    with pytest.raises(UsageError, match="between 1 and 200"):
        again(built, run.run, fits=0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("a set of names gives the order of columns", "parameters"),
        ("another version of a package", "parameters"),
    ],
)
def test_the_class_of_planted_nondeterminism_is_named(project, monkeypatch, name, place):
    planted = next(one for one in corpus().CORPUS if one.name == name)
    for path, text in {
        "mlctl.toml": corpus().SPEC,
        "table.csv": corpus().table(),
        "model.py": planted.model,
    }.items():
        project.write(path, text)
    for path, text in planted.files.items():
        project.write(path, text)
    if "PYTHONPATH" in planted.variables:
        monkeypatch.setenv("PYTHONPATH", str(project.root / planted.variables["PYTHONPATH"]))
        monkeypatch.syspath_prepend(str(project.root / planted.variables["PYTHONPATH"]))
    made = train(project.session(), TrainRequest()).data
    for path, text in planted.after.items():
        if text is None:
            (project.root / path).unlink()
            with contextlib.suppress(OSError):
                (project.root / path).parent.rmdir()
        else:
            project.write(path, text)
    found = no(project, made.run)
    assert (found.cause, found.place) == (planted.cause, place), found.proof
    assert found.proof


def test_with_one_fit_no_cause_is_looked_for(built):
    made = train(built.session(), TrainRequest()).data
    built.write("private.txt", "7\n")
    found = no(built, made.run, fits=1)
    assert (found.place, found.cause, len(found.attempts)) == ("parameters", None, 1)


def facts(project, run):
    return [one for _, one in Repository.find(project.root).facts.where(Reproduction, run=run)]


def test_a_fit_leaves_a_fact_and_the_same_outcome_in_the_same_place_is_told_once(learner):
    made = train(learner.session(), TrainRequest()).data
    assert again(learner, dry_run=True).recorded is None
    assert facts(learner, made.run) == []
    first = again(learner)
    assert first.changed
    (fact,) = facts(learner, made.run)
    assert (fact.equal, fact.version, fact.actor.email) == (True, made.digest, "ada@example.org")
    assert fact.environment.packages["numpy"] == np.__version__
    assert fact.kernels == first.kernels
    second = again(learner)
    assert (second.changed, second.recorded) == (False, first.recorded)
    assert len(facts(learner, made.run)) == 1
    by_ci = reproduce(via(learner.session(), "ci"), ReproduceRequest()).data  # another way: further proof
    assert by_ci.changed
    assert [one.actor.via for one in facts(learner, made.run)] == ["terminal", "ci"]
    assert not reproduce(via(learner.session(), "ci"), ReproduceRequest()).data.changed


def test_another_outcome_or_environment_is_a_further_fact(built, monkeypatch):
    made = train(built.session(), TrainRequest()).data
    private = built.root / "private.txt"
    again(built)
    private.write_text("0.75\n")
    assert no(built, fits=1).changed
    private.write_text("0.5\n")
    assert again(built).changed, "it is equal once more"
    monkeypatch.syspath_prepend(str(built.root / "site"))
    info = built.root / "site" / "other-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    assert again(built).changed, "one package more"
    assert [(one.equal, one.place) for one in facts(built, made.run)] == [
        (True, None), (False, "parameters"), (True, None), (True, None),
    ]  # fmt: skip


def test_a_damaged_fact_is_told_and_not_believed(learner):
    train(learner.session(), TrainRequest())
    found = again(learner)
    path = learner.root / ".mlctl" / "facts" / "reproductions" / f"{found.recorded}.json"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b'"equal":true', b'"equal":TRUE'))
    with pytest.raises(Corrupt, match=found.recorded):
        show(learner.session(), ShowRequest(selector=f"run:{found.run}"))
    with pytest.raises(Corrupt, match=found.recorded):
        fsck(learner.session(), FsckRequest())


def test_show_of_run_version_and_fact_tell_of_it(learner):
    made = train(learner.session(), TrainRequest()).data
    found = again(learner)
    for selector in (f"run:{made.run}", "demand@1"):
        (told,) = show(learner.session(), ShowRequest(selector=selector)).data.related["reproductions"]
        assert (told["digest"], told["outcome"], told["by"]) == (found.recorded, "equal bit for bit", "Ada")
    assert show(learner.session(), ShowRequest(selector=found.recorded[:12])).data.kind == "reproductions"


def test_reproductions_are_garbage_with_their_version_and_not_before(learner):
    train(learner.session(), TrainRequest())
    found = again(learner)
    kept = reachable(learner.session().repository)
    assert found.recorded in kept.facts
    for path in (learner.root / ".mlctl" / "facts" / "models").iterdir():
        path.unlink()
    assert found.recorded not in reachable(learner.session().repository).facts
