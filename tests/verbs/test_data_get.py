"""One file or folder of a dataset: nothing else is asked for, nothing is lost, and nothing is done twice."""

import shutil

import pytest

from mlctl.domain.errors import Corrupt, Incomplete, NotFound, UsageError, WorkspaceDirty
from mlctl.domain.progress import silent
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_evict import DataEvictRequest
from mlctl.domain.requests.data_get import DataGetRequest
from mlctl.domain.requests.data_status import DataStatusRequest
from mlctl.domain.requests.init import InitRequest
from mlctl.project.remote_stores import open_data_store
from mlctl.project.session import Session
from mlctl.store.repository import Repository
from mlctl.transport.data_transfer import upload_data
from mlctl.verbs import data_get as module
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_evict import data_evict
from mlctl.verbs.data_get import data_get
from mlctl.verbs.data_status import data_status
from mlctl.verbs.init import init
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import read_pointer, read_settings
from mlctl.workspace.scan import read_file
from tests.remote_servers import make_bucket, s3_options, s3_server, web_server
from tests.sharing.faulty import FAULTS, faulty_line

FILES = {"cats/1.jpg": "one", "cats/2.jpg": "two!", "dogs/1.jpg": "three", "catsup": "x"}


@pytest.fixture
def shared(project):
    """Two versions of a folder and a file, all of it on the remote."""
    with (project.root / ".mlctl/config.toml").open("a") as config:
        config.write('\n[remotes.origin]\nurl = "../store"\n')
    for path, text in FILES.items():
        project.write(f"images/{path}", text)
    data_add(project.session(), DataAddRequest(paths=("data/rides.csv", "images")))
    first = read_pointer(project.root / "images.dvc").md5
    project.write("images/cats/1.jpg", "one, better")
    data_add(project.session(), DataAddRequest(paths=("images",)))
    second = read_pointer(project.root / "images.dvc").md5
    rides = read_pointer(project.root / "data/rides.csv.dvc").md5
    upload_data(project.session(), [first, second, rides])
    return project


@pytest.fixture
def clone(shared, tmp_path, monkeypatch):
    """What git brings to somebody else, after `mlctl init`: the pointers and the settings."""
    root = tmp_path / "clone"
    for name in ("mlctl.toml", "images.dvc", "data/rides.csv.dvc", ".mlctl/config.toml"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(shared.root / name, root / name)
    init(InitRequest(directory=str(root)), report=silent, command="mlctl init")
    monkeypatch.chdir(root)
    return root


class Counting:
    """A store that writes down which keys it is asked for."""

    def __init__(self, inner):
        self.url, self.parallel, self.inner, self.asked = inner.url, 4, inner, []

    def sizes(self, keys):
        keys = list(keys)
        self.asked += keys
        return self.inner.sizes(keys)

    def fetch(self, key, target, told, *, start=0):
        self.asked.append(key)
        self.inner.fetch(key, target, told, start=start)

    def close(self):
        self.inner.close()


@pytest.fixture
def counted(monkeypatch):
    """All keys that were asked for."""
    asked = []

    def opened(session, name=None):
        store = Counting(open_data_store(session, name))
        store.asked = asked
        return store

    monkeypatch.setattr(module, "open_data_store", opened)
    return asked


def session(root):
    return Session(Repository.find(root))


def get(root, path, **more):
    return data_get(session(root), DataGetRequest(path=path, **more))


def status(root):
    return data_status(session(root), DataStatusRequest()).data.datasets


def files(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_in_a_fresh_clone_a_subfolder_costs_its_listing_and_its_files(clone, counted):
    found = get(clone, "images/cats")
    assert files(clone / "images") == {"cats/1.jpg": "one, better", "cats/2.jpg": "two!"}
    assert (found.data.files, found.data.bytes, found.data.version) == (2, 15, None)
    assert (found.data.fetched_files, found.data.fetched_bytes) == (2, 15)
    assert sorted(set(counted)) == sorted(counted)
    assert len(counted) == 3
    assert "holds only a part" in found.warnings[0]


def test_a_second_time_nothing_is_asked_or_written(clone, counted):
    assert get(clone, "images/cats").data.changed
    counted.clear()
    again = get(clone, "images/cats").data
    assert not again.changed
    assert again.written == ()
    assert counted == []


def test_one_file_of_a_known_version_costs_one_request(shared, counted, tmp_path):
    shutil.rmtree(shared.root / ".mlctl/cache")
    shutil.rmtree(shared.root / "images")
    found = get(shared.root, "images/cats/1.jpg", version="images@1", out=str(tmp_path / "old.jpg")).data
    assert (tmp_path / "old.jpg").read_text() == "one"
    assert found.version == "images@1"
    assert len(counted) == 1
    assert not (shared.root / "images").exists()


def test_a_file_dataset_and_a_whole_folder(clone):
    assert get(clone, "data/rides.csv").data.written == ("data/rides.csv",)
    found = get(clone, "images")
    assert len(files(clone / "images")) == len(FILES)
    assert found.warnings == ()


def test_with_a_version_the_path_may_begin_at_the_datasets_folder(shared, tmp_path):
    shutil.rmtree(shared.root / ".mlctl/cache")
    get(shared.root, "cats", version="images@1", out=str(tmp_path / "out"))
    assert files(tmp_path / "out") == {"1.jpg": "one", "2.jpg": "two!"}
    get(shared.root, ".", version="rides@1", out=str(tmp_path / "out"))
    assert (tmp_path / "out/rides.csv").read_text() == (shared.root / "data/rides.csv").read_text()
    get(shared.root, "cats/2.jpg", version="images", out=f"{tmp_path}/new/")
    assert files(tmp_path / "new") == {"2.jpg": "two!"}
    with pytest.raises(UsageError):
        get(shared.root, "../cats", version="images@1")


def test_other_bytes_are_not_overwritten_unless_forced(clone):
    (clone / "images/cats").mkdir(parents=True)
    (clone / "images/cats/1.jpg").write_text("mine")
    with pytest.raises(WorkspaceDirty, match=r"images/cats/1\.jpg: other bytes"):
        get(clone, "images/cats")
    assert files(clone / "images") == {"cats/1.jpg": "mine"}
    assert get(clone, "images/cats", force=True).data.changed
    assert (clone / "images/cats/1.jpg").read_text() == "one, better"


def test_folders_and_files_in_each_others_place_stay(clone):
    (clone / "images/cats/1.jpg").mkdir(parents=True)
    with pytest.raises(WorkspaceDirty, match="is a folder"):
        get(clone, "images/cats", force=True)
    (clone / "images/dogs").write_text("a file")
    with pytest.raises(WorkspaceDirty, match="is a file"):
        get(clone, "images/dogs/1.jpg", force=True)


def test_links_go_into_the_work_tree_and_plain_copies_elsewhere(clone, tmp_path):
    (clone / ".dvc/config.local").write_text("[cache]\n    type = hardlink\n")
    get(clone, "images/cats")
    assert (clone / "images/cats/1.jpg").stat().st_nlink == 2
    get(clone, "images/cats", out=str(tmp_path / "out"))
    assert (tmp_path / "out/1.jpg").stat().st_nlink == 1
    (tmp_path / "out/1.jpg").write_text("mine to change")
    assert not get(clone, "images/cats").data.changed


def test_a_link_inside_does_not_lead_the_writing_out(clone, tmp_path):
    (tmp_path / "outside").mkdir()
    (clone / "images").mkdir()
    (clone / "images/cats").symlink_to(tmp_path / "outside")
    with pytest.raises(UsageError, match="leads out"):
        get(clone, "images", force=True)
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_dry_run_says_files_and_bytes_and_leaves_no_trace(clone, counted):
    before = sorted(path for path in clone.rglob("*") if "tmp" not in path.parts)
    found = get(clone, "images/cats", dry_run=True).data
    assert (found.files, found.bytes, found.fetched_files, found.fetched_bytes) == (2, 15, 2, 15)
    assert not found.changed
    assert sorted(path for path in clone.rglob("*") if "tmp" not in path.parts) == before
    assert len(counted) == 3


def test_what_is_not_there_is_said_with_what_is_near(clone):
    with pytest.raises(NotFound, match=r"did you mean 'cats/1\.jpg'") as caught:
        get(clone, "images/cats/1.jpeg")
    assert caught.value.hints == ("mlctl data get images/cats/1.jpg",)
    with pytest.raises(NotFound, match="it holds cats, catsup, dogs"):
        get(clone, "images/zebras/and/lions")
    with pytest.raises(NotFound, match="no pointer in the work tree covers other/x"):
        get(clone, "other/x")
    with pytest.raises(NotFound, match="is a single file"):
        get(clone, "data/rides.csv/x")
    with pytest.raises(UsageError, match="is not inside the project"):
        get(clone, "../x")


def test_what_the_remote_lacks_or_has_damaged_is_never_written(clone, tmp_path):
    (stored,) = [path for path in (tmp_path / "store/files/md5").glob("??/*") if path.read_text() == "two!"]
    stored.chmod(0o644)
    stored.write_text("too!")
    with pytest.raises(Corrupt):
        get(clone, "images/cats")
    assert not (clone / "images/cats/2.jpg").exists()
    stored.unlink()
    with pytest.raises(Incomplete, match=r"images/cats/2\.jpg: .* `mlctl push --verify`") as raised:
        get(clone, "images/cats")
    assert raised.value.facts["paths"] == ["images/cats/2.jpg"]
    stored.write_text("two!")
    assert get(clone, "images/cats").data.fetched_files == 1


def test_without_a_remote_what_is_missing_is_said(clone):
    text = (clone / ".mlctl/config.toml").read_text()
    (clone / ".mlctl/config.toml").write_text(text.split("[remotes")[0])
    with pytest.raises(NotFound, match=r"does not hold .* there is no remote"):
        get(clone, "images/cats")


@pytest.mark.slow
def test_over_a_line_that_fails_a_quarter_of_the_time_all_of_the_part_and_no_more_arrives(
    project, monkeypatch
):
    with s3_server() as endpoint, faulty_line(endpoint, seed=7, share=1 / 4) as (line, faults):
        with (project.root / ".mlctl/config.toml").open("a") as config:
            config.write(f'\n[remotes.origin]\nurl = "{make_bucket(endpoint, "getting")}"\n')
        for name, value in s3_options(line).items():
            monkeypatch.setenv(f"MLCTL_REMOTE_ORIGIN_{name.upper()}", value)
        for number in range(20):
            project.write(f"images/cats/{number}", f"cat {number} " * 500)
            project.write(f"images/dogs/{number}", f"dog {number} " * 500)
        data_add(project.session(), DataAddRequest(paths=("images",)))
        upload_data(project.session(), [read_pointer(project.root / "images.dvc").md5])
        shutil.rmtree(project.root / ".mlctl/cache/files")
        shutil.rmtree(project.root / "images")
        found = get(project.root, "images/cats").data
        assert (found.fetched_files, found.files) == (20, 20)
        assert files(project.root / "images/cats") == {str(n): f"cat {n} " * 500 for n in range(20)}
        assert not (project.root / "images/dogs").exists()
        assert len(list((project.root / ".mlctl/cache/files/md5").glob("??/*"))) == 20
        assert sum(faults.seen[kind] for kind in FAULTS) >= 5
        gone = data_evict(project.session(), DataEvictRequest(datasets=("images",), yes=True)).data
        assert [(one.what, one.files) for one in gone.proofs] == [("digest", 20)]
        assert list((project.root / ".mlctl/cache/files/md5").glob("??/*")) == []


def test_from_a_web_server_that_is_only_read(clone, tmp_path):
    with web_server(tmp_path) as url:
        config = clone / ".mlctl/config.toml"
        config.write_text(config.read_text().replace('"../store"', f'"{url}/store"'))
        assert get(clone, "images/cats", dry_run=True).data.fetched_bytes == 15
        assert get(clone, "images").data.fetched_files == len(FILES)
        shutil.rmtree(clone / "images")
        gone = data_evict(
            Session(Repository.find(clone)), DataEvictRequest(datasets=("images",), yes=True)
        ).data
        assert [(one.what, one.files) for one in gone.proofs] == [("read", len(FILES))]
        assert get(clone, "images/dogs").data.fetched_files == 1


def test_a_part_that_was_brought_is_not_taken_for_the_whole(clone):
    get(clone, "images/cats")
    (state,) = [one for one in status(clone) if one.path == "images"]
    assert (state.state, state.next) == ("partial", "mlctl data checkout images")
    assert "2 of the 4 files" in state.why
    for dry_run in (True, False):
        with pytest.raises(WorkspaceDirty, match="2 of the 4 files") as caught:
            data_add(session(clone), DataAddRequest(paths=("images",), dry_run=dry_run))
        assert caught.value.hints == ("mlctl data checkout images", "mlctl data add images --force")
    assert read_pointer(clone / "images.dvc").nfiles == len(FILES)
    (clone / "images/cats/1.jpg").write_text("mine")
    assert [one.state for one in status(clone) if one.path == "images"] == ["modified"]
    data_add(session(clone), DataAddRequest(paths=("images",), force=True))
    assert read_pointer(clone / "images.dvc").nfiles == 2
    assert [one.state for one in status(clone) if one.path == "images"] == ["clean"]


def test_a_file_that_was_here_may_be_taken_away(shared):
    (shared.root / "images/dogs/1.jpg").unlink()
    found = data_add(shared.session(), DataAddRequest(paths=("images",))).data
    assert found.added == ("images@3",)
    cache = DvcCache(read_settings(shared.root).cache)
    for name in ("cats/1.jpg", "cats/2.jpg"):
        file = shared.root / "images" / name
        cache.path(read_file(file).hashes.md5).unlink()
        file.unlink()
    with pytest.raises(WorkspaceDirty, match=r"2 of the 3 files of images@3"):
        data_add(shared.session(), DataAddRequest(paths=("images",)))
