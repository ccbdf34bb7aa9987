"""The real dvc on repositories that mlctl has made, and mlctl on what the real dvc has made."""

import shutil
import subprocess

import pytest

from mlctl.domain.errors import Incomplete
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_checkout import DataCheckoutRequest
from mlctl.domain.requests.data_status import DataStatusRequest
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_checkout import data_checkout
from mlctl.verbs.data_status import data_status
from tests.e2e.projects import environment, forked

pytestmark = pytest.mark.slow


def dvc(folder, *arguments):
    done = forked("dvc", *arguments, cwd=folder, env=environment())
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def git(folder, *arguments):
    command = [
        "git",
        "-C",
        str(folder),
        "-c",
        "user.name=Ada",
        "-c",
        "user.email=ada@example.org",
        *arguments,
    ]
    subprocess.run(command, check=True, capture_output=True)


def below(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture
def pushed(project, tmp_path):
    """A project with a file and a folder, committed, and pushed by dvc to a folder remote."""
    for name in ("a/1.txt", "a/ü ö.txt", "b #c.txt", "'q'.txt"):
        project.write(f"img/{name}", name)
    project.write("odd: name's #1.bin", "\0\1")
    data_add(project.session(), DataAddRequest())
    data_add(project.session(), DataAddRequest(paths=("img", "odd: name's #1.bin")))
    git(project.root, "add", "-A")
    git(project.root, "commit", "-q", "-m", "one")
    dvc(project.root, "remote", "add", "-d", "store", str(tmp_path / "remote"))
    dvc(project.root, "push")
    git(project.root, "commit", "-q", "-a", "-m", "remote")
    return project


def test_dvc_status_is_clean_and_a_clone_pulls_identical_bytes(pushed, tmp_path):
    assert "up to date" in dvc(pushed.root, "status")
    assert "in sync" in dvc(pushed.root, "status", "--cloud")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(pushed.root), str(clone))
    dvc(clone, "pull")
    assert below(clone / "img") == below(pushed.root / "img")
    assert below(clone / "data")["rides.csv"] == (pushed.root / "data/rides.csv").read_bytes()
    assert (clone / "odd: name's #1.bin").read_bytes() == b"\0\1"
    assert "up to date" in dvc(clone, "status")


def test_dvc_add_of_the_same_data_writes_the_same_pointers(pushed):
    pointers = sorted(pushed.root.glob("**/*.dvc"))
    before = {path: path.read_text() for path in pointers if path.is_file()}
    shutil.rmtree(pushed.root / ".mlctl/cache/files")
    dvc(pushed.root, "add", "img", "data/rides.csv")
    for path, text in before.items():
        assert path.read_text() == text


def test_data_checkout_fetches_what_the_cache_lacks_from_the_dvc_remote(pushed):
    shutil.rmtree(pushed.root / ".mlctl/cache/files")
    shutil.rmtree(pushed.root / "img")
    (pushed.root / "data/rides.csv").unlink()
    result = data_checkout(pushed.session(), DataCheckoutRequest()).data
    assert {one.name: one.fetched for one in result.datasets}["rides"] == 1
    assert (pushed.root / "img/a/ü ö.txt").read_text() == "a/ü ö.txt"
    assert data_status(pushed.session(), DataStatusRequest()).data.clean
    assert "up to date" in dvc(pushed.root, "status")


def test_bytes_that_the_remote_lacks_are_told(pushed, tmp_path):
    shutil.rmtree(pushed.root / ".mlctl/cache/files")
    shutil.rmtree(tmp_path / "remote")
    (tmp_path / "remote").mkdir()
    (pushed.root / "data/rides.csv").unlink()
    with pytest.raises(Incomplete):
        data_checkout(pushed.session(), DataCheckoutRequest(dataset="rides"))
    assert not (pushed.root / "data/rides.csv").exists()


def test_what_dvc_added_is_unchanged_for_mlctl_but_for_its_version(project):
    dvc(project.root, "add", "data/rides.csv")
    before = (project.root / "data/rides.csv.dvc").read_text()
    outcome = data_add(project.session(), DataAddRequest())
    assert outcome.data.added == ("rides@1",)
    assert outcome.data.files == ()
    assert (project.root / "data/rides.csv.dvc").read_text() == before


def test_a_subfolder_of_a_monorepo_works_with_dvc_too(tmp_path, project):
    git(tmp_path, "init", "-q", ".")
    shutil.rmtree(project.root / ".git")
    data_add(project.session(), DataAddRequest())
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "one")
    assert "up to date" in dvc(project.root, "status")


def test_what_dvcignore_leaves_out_is_left_out_by_both(project):
    for name in ("a.txt", "b.tmp", "deep/c.tmp"):
        project.write(f"img/{name}", name)
    with (project.root / ".dvcignore").open("a") as file:
        file.write("*.tmp\n")
    row = data_add(project.session(), DataAddRequest(paths=("img",))).data.datasets[0]
    pointer = (project.root / "img.dvc").read_text()
    assert "nfiles: 1" in pointer
    assert "up to date" in dvc(project.root, "status")
    dvc(project.root, "add", "img")
    assert (project.root / "img.dvc").read_text() == pointer
    assert row.bytes == 5


def test_names_that_sort_oddly_give_the_md5_that_dvc_gives(project, tmp_path):
    names = [
        "a-b",
        "a.b",
        "a/b",
        "a/b-c",
        "a0",
        "a/é/x",
        "a/e/x",
        "Z",
        "\U0001f600",
        "￿",
        "é" * 127 + "x",
        "-",
        "a b/c",
    ]
    for name in names:
        project.write(f"odd/{name}", name)
    project.write("odd/.git", "gitdir: elsewhere")
    project.write("odd/.hidden", "x")
    data_add(project.session(), DataAddRequest(paths=("odd",)))
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    dvc(other, "init", "-q")
    shutil.copytree(project.root / "odd", other / "odd")
    dvc(other, "add", "-q", "odd")
    assert (other / "odd.dvc").read_text() == (project.root / "odd.dvc").read_text()
