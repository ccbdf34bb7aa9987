"""A dataset that is part of a tracked folder: its versions come from the whole's manifest."""

import pytest

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_checkout import DataCheckoutRequest
from mlctl.domain.requests.data_diff import DataDiffRequest
from mlctl.domain.requests.data_ls import DataLsRequest
from mlctl.domain.requests.data_show import DataShowRequest
from mlctl.domain.requests.data_status import DataStatusRequest
from mlctl.domain.requests.fsck import FsckRequest
from mlctl.domain.requests.status import StatusRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.store.repository import Repository
from mlctl.training.recipe import standing
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_checkout import data_checkout
from mlctl.verbs.data_diff import data_diff
from mlctl.verbs.data_ls import data_ls
from mlctl.verbs.data_show import data_show
from mlctl.verbs.data_status import data_status
from mlctl.verbs.fsck import fsck
from mlctl.verbs.status import status
from mlctl.verbs.train import train
from tests.verbs.learner import rows

SPEC = """\
spec = 1

[project]
name = "signs"

[data.digits]
path = "images/train"

[data.rides]
path = "images/tables/rides.csv"
key = ["id"]
time = ["day"]

[model.demand]
data = "rides"
target = "rides"
task = "regression"
estimator = "sklearn.linear_model:LinearRegression"
baseline = "mean"
"""


@pytest.fixture
def signs(project):
    """A folder that is versioned as a whole; the spec declares a subfolder and a table in it."""
    (project.root / "data/rides.csv").unlink()
    project.write("mlctl.toml", SPEC)
    for path in ("train/0/a.txt", "train/1/b.txt", "test/0/c.txt", "readme.txt"):
        project.write(f"images/{path}", path)
    project.write("images/tables/rides.csv", rows())
    add(project, "images")
    return project


def add(project, *paths, **options):
    return data_add(project.session(), DataAddRequest(paths=paths, **options)).data


def states(project):
    found = data_status(project.session(), DataStatusRequest()).data.datasets
    return {one.name: (one.state, one.version) for one in found}


def test_adding_the_whole_makes_a_version_of_each_part_without_pointers_of_their_own(signs):
    assert states(signs) == {"digits": ("clean", 1), "images": ("clean", 1), "rides": ("clean", 1)}
    assert sorted(path.name for path in signs.root.rglob("*.dvc") if path.is_file()) == ["images.dvc"]
    assert not list((signs.root / "images").rglob(".gitignore"))
    listed = {row.name: row for row in data_ls(signs.session(), DataLsRequest()).data.datasets}
    assert (listed["digits"].path, listed["digits"].bytes) == ("images/train", 26)
    assert (listed["rides"].rows, listed["rides"].columns) == (400, 5)
    assert not add(signs).changed


def test_the_record_says_of_which_version_of_the_whole_it_is(signs):
    repository = Repository.find(signs.root)
    ((whole, _),) = repository.facts.where(DatasetVersion, name="images")
    ((_, part),) = repository.facts.where(DatasetVersion, name="digits")
    assert part.origin["part"] == {"of": "images", "digest": whole, "under": "train"}
    assert [entry.path for entry in repository.manifests.entries(part.sha256)] == ["0/a.txt", "1/b.txt"]
    assert data_show(signs.session(), DataShowRequest(dataset="digits")).data.folder.files == 2


def test_what_changes_elsewhere_in_the_whole_does_not_touch_a_part(signs):
    first = {name: standing(signs.session(), name).digest for name in ("digits", "rides")}
    signs.write("images/test/0/new.txt", "new")
    assert states(signs) == {"digits": ("clean", 1), "images": ("modified", 1), "rides": ("clean", 1)}
    assert {name: standing(signs.session(), name).digest for name in ("digits", "rides")} == first
    assert add(signs, "images").added == ("images@2",)
    assert {name: standing(signs.session(), name).digest for name in ("digits", "rides")} == first
    assert states(signs) == {"digits": ("clean", 1), "images": ("clean", 2), "rides": ("clean", 1)}


def test_what_changes_in_a_part_is_its_next_version_and_the_wholes(signs):
    signs.write("images/train/1/d.txt", "d")
    assert states(signs)["digits"] == ("modified", 1)
    assert standing(signs.session(), "digits") is None
    assert add(signs, "images/train", dry_run=True).added == ("images@2", "digits@2")
    assert add(signs, "images/train").added == ("images@2", "digits@2")
    diff = data_diff(signs.session(), DataDiffRequest(old="digits@1", new="digits@2")).data
    assert [(one.change, one.path) for one in diff.files] == [("added", "1/d.txt")]
    assert not data_diff(signs.session(), DataDiffRequest(old="digits")).data.different


def test_a_model_on_a_part_is_stale_only_where_the_part_has_changed(signs):
    trained = train(signs.session(), TrainRequest()).data
    assert trained.changed
    signs.write("images/test/0/new.txt", "new")
    add(signs, "images")
    assert not train(signs.session(), TrainRequest()).data.changed
    seen = status(signs.session(), StatusRequest()).data
    assert not any(one.what.startswith("train") for model in seen.models for one in model.stale)
    signs.write("images/tables/rides.csv", "\n".join(rows().splitlines()[:-5]) + "\n")
    seen = status(signs.session(), StatusRequest()).data
    assert any(one.what.startswith("train") for model in seen.models for one in model.stale)
    assert train(signs.session(), TrainRequest()).data.changed


def test_a_part_is_restored_without_the_rest(signs):
    signs.write("images/train/1/b.txt", "changed")
    signs.write("images/test/0/c.txt", "mine")
    add(signs)
    outcome = data_checkout(signs.session(), DataCheckoutRequest(dataset="digits@1"))
    (one,) = outcome.data.datasets
    assert (one.written, one.partial) == (("images/train/1/b.txt",), True)
    assert (signs.root / "images/train/1/b.txt").read_text() == "train/1/b.txt"
    assert (signs.root / "images/test/0/c.txt").read_text() == "mine"
    assert "says modified" in outcome.warnings[0]
    assert states(signs)["images"] == ("modified", 2)
    assert states(signs)["digits"] == ("modified", 2)
    data_checkout(signs.session(), DataCheckoutRequest())
    assert (signs.root / "images/train/1/b.txt").read_text() == "changed"


def test_everything_verifies(signs):
    assert fsck(signs.session(), FsckRequest()).data.clean
