"""`data import`: bytes, lock and record; what breaks off is resumed; nothing is taken that should not be."""

import subprocess
import sys
import threading
import time
from hashlib import sha256

import pytest

from mlctl.builtin.sources import web as web_source
from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import (
    AlreadyExists,
    Corrupt,
    Denied,
    Incomplete,
    InvalidName,
    NotFound,
    Unreachable,
    UsageError,
)
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_checkout import DataCheckoutRequest
from mlctl.domain.requests.data_import import DataImportRequest
from mlctl.domain.requests.data_status import DataStatusRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.store.repository import Repository
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_checkout import data_checkout
from mlctl.verbs.data_import import data_import
from mlctl.verbs.data_status import data_status
from mlctl.verbs.undo import undo
from tests.verbs.repositories import commit, git, make_repository
from tests.web_server import web_server

TABLE = b"a,b\n1,2\n"


def bring(project, source, path=None, **options):
    return data_import(project.session(), DataImportRequest(source=source, path=path, **options))


@pytest.fixture
def web(monkeypatch):
    monkeypatch.setattr(web_source, "_FIRST_PAUSE", 0.001)
    with web_server() as made:
        made.files["/x.csv"] = TABLE
        yield made


@pytest.fixture
def other(tmp_path, monkeypatch):
    """Another repository, with files of git's and data of its own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    return make_repository(tmp_path / "other")


def everything(project):
    """Every byte that the project holds of its own making."""
    return b"".join(path.read_bytes() for path in sorted(project.root.rglob("*")) if path.is_file())


def test_a_file_of_the_web_becomes_a_version_with_its_source(project, web):
    result = bring(project, f"{web.url}/x.csv", output="data/x.csv").data
    assert (project.root / "data/x.csv").read_bytes() == TABLE
    assert (result.added, result.changed, result.dataset.rows) == ("x@1", True, 1)
    assert result.files == ("data/.gitignore", "data/x.csv", "data/x.csv.dvc")
    assert result.lock.etag.startswith('"')
    ((_, fact),) = Repository.find(project.root).facts.where(DatasetVersion, name="x")
    assert fact.origin["import"]["source"] == {"url": f"{web.url}/x.csv"}
    assert fact.origin["import"]["lock"] == {"etag": result.lock.etag, "size": len(TABLE)}
    pointer = (project.root / "data/x.csv.dvc").read_text()
    assert "frozen: true" in pointer
    assert f"path: {web.url}/x.csv" in pointer
    assert data_status(project.session(), DataStatusRequest()).data.datasets[-1].state == "clean"


def test_the_second_time_asks_and_fetches_nothing(project, web):
    bring(project, f"{web.url}/x.csv")
    before = project.decisions()
    web.asked.clear()
    result = bring(project, f"{web.url}/x.csv").data
    assert (result.changed, result.files, result.dataset.version) == (False, (), 1)
    assert [method for method, _, _ in web.asked] == ["HEAD"]
    assert project.decisions() == before


def test_a_dry_run_writes_nothing(project, web):
    before = everything(project)
    result = bring(project, f"{web.url}/x.csv", dry_run=True).data
    assert (result.changed, result.dataset) == (True, None)
    assert everything(project) == before


def test_a_connection_that_breaks_is_continued(project, web):
    data = b"a\n" + b"1\n" * 100_000
    web.files["/big.csv"] = data
    web.breaks = (70_000, 2)
    bring(project, f"{web.url}/big.csv")
    assert (project.root / "big.csv").read_bytes() == data
    ranges = [headers.get("Range") for method, _, headers in web.asked if method == "GET"]
    assert len(ranges) == 3
    assert ranges[0] is None
    assert all(one and one.startswith("bytes=") for one in ranges[1:])


def test_what_a_killed_import_left_is_continued_by_the_next(project, web):
    data = b"a\n" + b"1\n" * 100_000
    web.files["/big.csv"] = data
    web.breaks = (100_000, 1)
    web.hangs = threading.Event()
    command = [sys.executable, "-m", "mlctl", "data", "import", f"{web.url}/big.csv"]
    running = subprocess.Popen(command, cwd=project.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    parts = project.root / ".mlctl/cache/tmp"
    deadline = time.monotonic() + 60
    while not any(path.stat().st_size >= 65_536 for path in parts.glob("mlctl-import-*")):
        assert time.monotonic() < deadline
        assert running.poll() is None, running.communicate()
        time.sleep(0.02)
    running.kill()
    running.communicate()
    web.hangs.set()
    assert not (project.root / "big.csv.dvc").exists()
    web.asked.clear()
    bring(project, f"{web.url}/big.csv")
    (headers,) = [headers for method, _, headers in web.asked if method == "GET"]
    assert int(headers["Range"].removeprefix("bytes=").rstrip("-")) >= 65_536
    assert (project.root / "big.csv").read_bytes() == data
    assert not list(parts.glob("mlctl-import-*"))


def test_what_changed_meanwhile_is_fetched_from_its_beginning(project, web):
    web.files["/big.csv"] = b"a\n" + b"1\n" * 50_000
    web.breaks = (10_000, web_source.TRIES)
    with pytest.raises(Unreachable):
        bring(project, f"{web.url}/big.csv")
    web.breaks = (0, 0)
    web.files["/big.csv"] = b"a\n" + b"2\n" * 40_000
    bring(project, f"{web.url}/big.csv")
    assert (project.root / "big.csv").read_bytes() == web.files["/big.csv"]


def test_without_anything_that_tells_the_state_nothing_is_continued(project, web):
    web.etags = False
    web.files["/big.csv"] = b"a\n" + b"1\n" * 50_000
    web.breaks = (60_000, 1)
    bring(project, f"{web.url}/big.csv")
    assert (project.root / "big.csv").read_bytes() == web.files["/big.csv"]
    assert not any("Range" in headers for _, _, headers in web.asked)


def test_another_sha256_is_refused_and_nothing_has_changed(project, web):
    before = project.decisions()
    with pytest.raises(Corrupt, match="nothing was imported"):
        bring(project, f"{web.url}/x.csv", sha256="0" * 64)
    assert project.decisions() == before
    assert not list(project.root.glob("x.csv*"))
    bring(project, f"{web.url}/x.csv", sha256=sha256(TABLE).hexdigest().upper())
    with pytest.raises(UsageError):
        bring(project, f"{web.url}/x.csv", sha256="abc")


def test_each_way_of_not_answering_has_its_error(project, web):
    web.status |= {"/denied.csv": 403, "/broken.csv": 503, "/gone.csv": 410}
    for path, error in {
        "/denied.csv": Denied, "/broken.csv": Unreachable, "/gone.csv": NotFound, "/none.csv": NotFound,
    }.items():  # fmt: skip
        with pytest.raises(error, match=path):
            bring(project, web.url + path)
    with pytest.raises(Unreachable):
        bring(project, "http://127.0.0.1:9/x.csv")
    assert not list(project.root.glob("*.csv*"))


def test_redirects_are_followed_and_bounded(project, web):
    web.redirects |= {"/a.csv": "/b.csv", "/b.csv": f"{web.url}/x.csv", "/round.csv": "/round.csv"}
    bring(project, f"{web.url}/a.csv")
    assert (project.root / "a.csv").read_bytes() == TABLE
    assert f"path: {web.url}/a.csv" in (project.root / "a.csv.dvc").read_text()
    web.asked.clear()
    with pytest.raises(Unreachable, match="10 redirects"):
        bring(project, f"{web.url}/round.csv")
    assert len(web.asked) == web_source.MOST_REDIRECTS + 1
    web.redirects["/leaves.csv"] = "file:///etc/passwd"
    with pytest.raises(NotFound):
        bring(project, f"{web.url}/leaves.csv")


def test_credentials_are_used_and_never_recorded(project, web):
    web.users = {"Basic YWRhOnNlY3JldDEyMw=="}  # ada:secret123
    with pytest.raises(Denied) as caught:
        bring(project, f"{web.url}/x.csv")
    typed = web.url.replace("://", "://ada:secret123@") + "/x.csv?token=tok3n456"
    outcome = bring(project, typed)
    assert "without its credentials" in outcome.warnings[0]
    held = everything(project)
    assert b"secret123" not in held
    assert b"tok3n456" not in held
    web.users = {"nobody"}
    with pytest.raises(Denied) as caught:
        bring(project, typed, output="again.csv")
    assert "secret123" not in caught.value.message + str(caught.value.facts)


def test_a_redirect_does_not_take_the_credentials_to_another_host(project, web):
    with web_server() as stranger:
        stranger.files["/x.csv"] = TABLE
        web.redirects["/x.csv"] = f"{stranger.url}/x.csv"
        bring(project, web.url.replace("://", "://ada:secret123@") + "/x.csv")
        assert not any("Authorization" in headers for _, _, headers in stranger.asked)


def test_a_server_that_knows_no_head_is_asked_by_get(project, web):
    class Picky(dict):
        def __contains__(self, path):
            return web.asked[-1][0] == "HEAD"

        def __getitem__(self, path):
            return 405

    web.status = Picky()
    bring(project, f"{web.url}/x.csv")
    assert (project.root / "x.csv").read_bytes() == TABLE


def test_what_stands_there_already_is_not_overwritten(project, web):
    project.write("x.csv", "mine")
    with pytest.raises(AlreadyExists):
        bring(project, f"{web.url}/x.csv")
    assert (project.root / "x.csv").read_text() == "mine"
    bring(project, f"{web.url}/x.csv", output="y.csv")
    with pytest.raises(AlreadyExists, match="was imported from"):
        bring(project, f"{web.url}/other.csv", output="y.csv")
    with pytest.raises(AlreadyExists, match="a dataset y already"):
        bring(project, f"{web.url}/x.csv", output="deep/y.csv", name="y")
    assert bring(project, f"{web.url}/x.csv", output="deep/y.csv").data.name != "y"


def test_files_and_folders_of_this_machine(project, tmp_path):
    outside = tmp_path / "outside"
    (outside / "img/a").mkdir(parents=True)
    (outside / "img/a/1.txt").write_text("one")
    (outside / "x.csv").write_bytes(TABLE)
    assert bring(project, (outside / "x.csv").as_uri()).data.added == "x@1"
    result = bring(project, str(outside / "img")).data
    assert (project.root / "img/a/1.txt").read_text() == "one"
    assert result.dataset.md5.endswith(".dir")
    assert not bring(project, str(outside / "img")).data.changed
    (outside / "link").symlink_to(outside / "x.csv")
    (outside / "img/a/way-out").symlink_to("/etc")
    for refused in ("link", "img"):
        with pytest.raises(UsageError, match="symbolic link"):
            bring(project, str(outside / refused), output=f"{refused}-2")
    for inside in (project.root / "data/rides.csv", project.root.parent):
        with pytest.raises(UsageError):
            bring(project, str(inside), output="again")
    with pytest.raises(UsageError, match="another machine"):
        bring(project, "file://server/x.csv")


@pytest.mark.parametrize(
    "typed", ["ftp://host/x.csv", "gs://bucket/x", "https://host", "s3://bucket/", "ext::sh -c x://y"]
)
def test_other_schemes_are_refused(project, typed):
    with pytest.raises((UsageError, NotFound)):
        bring(project, typed)
    with pytest.raises(UsageError):
        bring(project, "ext::sh -c touch% /tmp/pwned", "x")
    with pytest.raises(UsageError):
        bring(project, "--upload-pack=touch", "x")
    for path in ("../x", "a/../../x", ".git/config", ""):
        with pytest.raises(UsageError):
            bring(project, str(project.root), path)


def test_what_git_holds_in_another_repository(project, other):
    result = bring(project, str(other), "plain.csv").data
    assert (result.lock.commit, result.dataset.rows) == (git(other, "rev-parse", "HEAD"), 1)
    bring(project, f"../{other.name}", "code", output="code-of-other")
    assert (project.root / "code-of-other/deep/b.txt").read_text() == "b"
    with pytest.raises(NotFound):
        bring(project, str(other), "nothing.csv")
    with pytest.raises(NotFound):
        bring(project, str(other), "plain.csv", rev="no-such-branch", output="z.csv")
    with pytest.raises(NotFound):
        bring(project, str(other / "nowhere"), "plain.csv", output="z.csv")


def test_data_of_another_repository_come_from_its_cache(project, other):
    assert bring(project, str(other), "data/img").data.dataset.bytes == 6
    assert (project.root / "img/a/1.txt").read_text() == "one"
    assert bring(project, str(other), "data/img/a", output="part").data.dataset.bytes == 3
    assert sorted(path.name for path in (project.root / "part").iterdir()) == ["1.txt"]
    assert bring(project, str(other), "data/img/2.bin", output="2.bin").data.dataset.bytes == 3
    assert bring(project, str(other), "data/rides.csv", output="theirs.csv").data.dataset.rows == 28
    with pytest.raises(NotFound):
        bring(project, str(other), "data/img/3.bin", output="3.bin")


def test_data_that_are_not_in_its_cache_come_from_its_remote(project, other, tmp_path):
    cache, remote = other / ".mlctl/cache/files", tmp_path / "remote/files"
    remote.parent.mkdir()
    cache.rename(remote)
    with pytest.raises(Incomplete):
        bring(project, str(other), "data/img")
    with (other / ".dvc/config").open("a") as file:
        file.write(f"[core]\n    remote = store\n['remote \"store\"']\n    url = {remote.parent}\n")
    bring(project, str(other), "data/img")
    assert (project.root / "img/2.bin").read_text() == "two"
    commit(other, "the remote")
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", str(other), str(bare))
    bring(project, str(bare), "data/rides.csv", output="from-bare.csv")
    assert (project.root / "from-bare.csv").read_bytes() == (other / "data/rides.csv").read_bytes()


def test_a_revision_is_kept_as_it_was_asked_for(project, other):
    first = git(other, "rev-parse", "HEAD")
    git(other, "tag", "-a", "v1", "-m", "one")
    (other / "plain.csv").write_text("a\n1\n2\n3\n")
    commit(other, "two")
    assert bring(project, str(other), "plain.csv", rev="v1").data.dataset.rows == 1
    assert bring(project, str(other), "plain.csv", rev=first, output="b.csv").data.dataset.rows == 1
    assert bring(project, str(other), "plain.csv", output="c.csv").data.dataset.rows == 3
    assert "rev: v1\n" in (project.root / "plain.csv.dvc").read_text()


def test_links_and_git_lfs_are_refused(project, other):
    (other / "code/link").symlink_to("/etc/passwd")
    (other / "large.bin").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    (other / "data/more.txt.dvc").write_text("outs: []\n")
    commit(other, "odd")
    for path, why in (
        ("code", "link"),
        ("code/link", "link"),
        ("large.bin", "Git LFS"),
        ("data", "pointers"),
    ):
        with pytest.raises(UsageError, match=why):
            bring(project, str(other), path, output=f"{path}-x".replace("/", "-"))
    assert not list(project.root.glob("*-x"))


def test_an_import_can_be_undone_and_done_again(project, web):
    bring(project, f"{web.url}/x.csv")
    undo(project.session(), UndoRequest())
    assert bring(project, f"{web.url}/x.csv").data.changed
    assert not bring(project, f"{web.url}/x.csv").data.changed


def test_after_a_crash_before_the_pointer_it_is_finished_without_fetching(project, web):
    bring(project, f"{web.url}/x.csv")
    for name in ("x.csv", "x.csv.dvc"):
        (project.root / name).unlink()
    assert bring(project, f"{web.url}/x.csv").data.changed
    assert (project.root / "x.csv").read_bytes() == TABLE
    (project.root / "x.csv").unlink()
    data_checkout(project.session(), DataCheckoutRequest(dataset="x"))
    assert not bring(project, f"{web.url}/x.csv").data.changed


def test_bytes_that_were_added_before_keep_their_version(project, web):
    project.write("x.csv", TABLE.decode())
    data_add(project.session(), DataAddRequest(paths=("x.csv",)))
    (project.root / "x.csv").unlink()
    (project.root / "x.csv.dvc").unlink()
    result = bring(project, f"{web.url}/x.csv").data
    assert (result.added, result.dataset.version) == (None, 1)
    assert "frozen: true" in (project.root / "x.csv.dvc").read_text()


def test_a_name_that_cannot_be_one_is_refused_before_anything_is_asked(project, web):
    with pytest.raises(InvalidName):
        bring(project, f"{web.url}/x.csv", name="No Name")
    assert not web.asked
    assert bring(project, f"{web.url}/x.csv", name="good").data.added == "good@1"
