"""`data checkout --path`: a subfolder or one file comes back, the rest and the pointer stay as they are."""

import pytest

from mlctl.domain.errors import AlreadyExists, NotFound, UsageError, WorkspaceDirty
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_checkout import DataCheckoutRequest
from mlctl.domain.requests.data_status import DataStatusRequest
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_checkout import data_checkout
from mlctl.verbs.data_status import data_status

FILES = {"a/1.txt": "one", "a/deep/2.txt": "two", "ab/3.txt": "three", "4.txt": "four"}


def checkout(project, dataset, **options):
    return data_checkout(project.session(), DataCheckoutRequest(dataset=dataset, **options))


def below(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture
def two(project):
    """A folder with two versions; the second, which stands, has other bytes in every file and one more."""
    for path, text in FILES.items():
        project.write(f"img/{path}", text)
    data_add(project.session(), DataAddRequest(paths=("img",)))
    for path, text in FILES.items():
        project.write(f"img/{path}", text.upper())
    project.write("img/a/more.txt", "MORE")
    data_add(project.session(), DataAddRequest(paths=("img",)))
    return project


def test_a_subfolder_comes_back_alone(two):
    pointer = (two.root / "img.dvc").read_text()
    outcome = checkout(two, "img@1", path="a")
    (one,) = outcome.data.datasets
    assert one.written == ("img/a/1.txt", "img/a/deep/2.txt")
    assert one.removed == ("img/a/more.txt",)
    assert one.partial
    assert below(two.root / "img") == {
        "a/1.txt": "one", "a/deep/2.txt": "two", "ab/3.txt": "THREE", "4.txt": "FOUR",
    }  # fmt: skip
    assert (two.root / "img.dvc").read_text() == pointer
    assert "says modified" in outcome.warnings[0]
    (state,) = [
        one for one in data_status(two.session(), DataStatusRequest()).data.datasets if one.name == "img"
    ]
    assert (state.state, state.version) == ("modified", 2)
    assert not checkout(two, "img@1", path="a/").data.changed
    assert not checkout(two, "img", path="ab").warnings


def test_one_file_comes_back_alone(two):
    assert checkout(two, "img@1", path="a/deep/2.txt").data.datasets[0].written == ("img/a/deep/2.txt",)
    assert (two.root / "img/a/1.txt").read_text() == "ONE"
    (two.root / "img/4.txt").unlink()
    checkout(two, "img", path="4.txt")
    assert (two.root / "img/4.txt").read_text() == "FOUR"


def test_what_no_version_holds_is_not_overwritten(two):
    two.write("img/a/1.txt", "precious")
    with pytest.raises(WorkspaceDirty, match=r"img/a/1\.txt") as caught:
        checkout(two, "img@1", path="a")
    assert below(two.root / "img")["a/1.txt"] == "precious"
    assert caught.value.hints[1] == "mlctl data checkout img@1 --path a --force"
    checkout(two, "img@1", path="ab")
    checkout(two, "img@1", path="a", force=True)
    assert below(two.root / "img")["a/1.txt"] == "one"


def test_copies_go_elsewhere_and_the_work_tree_stays(two, tmp_path):
    before = below(two.root / "img")
    target = tmp_path / "old"
    assert checkout(two, "img@1", path="a", to=str(target)).data.changed
    assert below(target) == {"1.txt": "one", "deep/2.txt": "two"}
    assert not checkout(two, "img@1", path="a", to=str(target)).data.changed
    assert not (target / "1.txt").is_symlink()
    (target / "1.txt").write_text("a copy may be changed")
    with pytest.raises(AlreadyExists):
        checkout(two, "img@1", path="a", to=str(target))
    checkout(two, "img@1", path="a", to=str(target), force=True)
    checkout(two, "img@1", path="4.txt", to=str(target))
    checkout(two, "img@1", to=str(tmp_path / "whole"))
    assert below(target) == {"1.txt": "one", "deep/2.txt": "two", "4.txt": "four"}
    assert below(tmp_path / "whole") == FILES
    assert below(two.root / "img") == before


def test_a_dry_run_changes_nothing(two, tmp_path):
    before = below(two.root / "img")
    assert checkout(two, "img@1", path="a", dry_run=True).data.datasets[0].removed == ("img/a/more.txt",)
    assert checkout(two, "img@1", to=str(tmp_path / "x"), dry_run=True).data.changed
    assert below(two.root / "img") == before
    assert not (tmp_path / "x").exists()


def test_a_path_that_is_none_is_refused(two):
    with pytest.raises(NotFound, match="img@1 holds nothing at 'c'"):
        checkout(two, "img@1", path="c")
    for path in ("../x", "a/../../x", "a//b"):
        with pytest.raises(UsageError):
            checkout(two, "img@1", path=path)
    with pytest.raises(UsageError):
        checkout(two, None, path="a")


def test_a_path_as_it_is_typed_from_the_work_tree_is_told_how_it_is_meant(two):
    with pytest.raises(NotFound, match="a path begins in the dataset") as caught:
        checkout(two, "img@1", path="img/a")
    assert caught.value.hints == ("mlctl data checkout img@1 --path a",)


def test_copies_do_not_go_into_tracked_data(two):
    with pytest.raises(UsageError, match="is in tracked data"):
        checkout(two, "img@1", to=str(two.root / "img" / "a"))
    assert not (two.root / "img/a/a").exists()
