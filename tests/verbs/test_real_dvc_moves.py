"""The real dvc after `data mv` and `data rm`: nothing has changed for it, and it goes on from there."""

import pytest

from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_mv import DataMvRequest
from mlctl.domain.requests.data_rm import DataRmRequest
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_mv import data_mv
from mlctl.verbs.data_rm import data_rm
from tests.verbs.repositories import commit, git
from tests.verbs.test_real_dvc import dvc

pytestmark = pytest.mark.slow


def test_what_was_moved_is_clean_and_what_was_removed_is_gone(project):
    for name in ("img/a/1.txt", "img/2.txt", "other/3.txt"):
        project.write(name, name)
    data_add(project.session(), DataAddRequest(paths=("img", "other", "data/rides.csv")))
    dvc(project.root, "config", "core.autostage", "true")
    pointer = project.root / "img.dvc"
    pointer.write_text(pointer.read_text() + "meta:\n  owner: Ada  # kept\n")
    commit(project.root, "one")
    data_mv(project.session(), DataMvRequest(old="img", new="deep/images"))
    data_rm(project.session(), DataRmRequest(names=("other",), files=True))
    assert "owner: Ada  # kept" in (project.root / "deep/images.dvc").read_text()
    assert "up to date" in dvc(project.root, "status")
    staged = git(project.root, "diff", "--cached", "--name-status", "--no-renames").splitlines()
    assert staged == [
        "M\t.gitignore", "A\tdeep/.gitignore", "A\tdeep/images.dvc", "D\timg.dvc", "D\tother.dvc",
    ]  # fmt: skip
    git(project.root, "commit", "-q", "-m", "two")
    (project.root / "deep/images/2.txt").unlink()
    dvc(project.root, "checkout", "deep/images.dvc")
    assert (project.root / "deep/images/2.txt").read_text() == "img/2.txt"
    assert not git(project.root, "status", "--porcelain")
