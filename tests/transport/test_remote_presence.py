"""`data status --remote`: what the remote lacks, who added it, and with how few requests that is known."""

import hashlib
import subprocess

import pytest

from mlctl.domain.errors import NotFound, WouldChange
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_status import DataStatusRequest
from mlctl.project.remote_stores import open_data_store
from mlctl.transport import remote_presence
from mlctl.transport.data_transfer import upload_data
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_status import data_status
from mlctl.workspace.dvc_files import read_pointer


@pytest.fixture
def store(project, tmp_path):
    with (project.root / ".mlctl/config.toml").open("a") as config:
        config.write('\n[remotes.origin]\nurl = "../store"\n')
    return tmp_path / "store"


@pytest.fixture
def images(project, store):  # noqa: ARG001 - there is a remote
    for name in ("a", "b", "c"):
        project.write(f"images/{name}", name * 10)
    data_add(project.session(), DataAddRequest(paths=("data/rides.csv", "images")))
    return read_pointer(project.root / "images.dvc").md5


def remote(project, **more):
    data = data_status(project.session(), DataStatusRequest(remote=True, **more)).data.remote
    return {one.name: one for one in data.datasets}


def test_without_a_remote_that_is_said(project):
    with pytest.raises(NotFound, match="there is no remote"):
        data_status(project.session(), DataStatusRequest(remote=True))
    assert data_status(project.session(), DataStatusRequest()).data.remote is None


@pytest.mark.usefixtures("images")
def test_what_is_missing_is_counted_and_said_who_added_it_when_and_what_to_type(project):
    found = remote(project)["images"]
    assert (found.state, found.version, found.files, found.bytes) == ("incomplete", "images@1", 3, 30)
    assert (found.missing_files, found.missing_bytes, found.here) == (3, 30, True)
    assert found.added_by == "Ada <ada@example.org>"
    assert found.added_at.startswith("2030-01-01T12:00")
    assert found.next.endswith("push")
    with pytest.raises(
        WouldChange, match=r"lacks data of data/rides\.csv \(1 files\), images \(3 files\)"
    ) as no:
        remote(project, check=True)
    assert no.value.exit_code == 43
    assert no.value.data.remote.datasets


def test_what_was_sent_is_complete(project, images):
    upload_data(project.session(), [images, read_pointer(project.root / "data/rides.csv.dvc").md5])
    assert {one.state for one in remote(project, check=True).values()} == {"complete"}


def test_an_upload_that_was_cut_off_shows_what_is_left(project, images, store):
    upload_data(project.session(), [images])
    entries = sorted(path for path in store.glob("files/md5/??/*"))
    for path in entries:
        if path.name.endswith(".dir") or path.read_text() == "b" * 10:
            path.unlink()
    found = remote(project)["images"]
    assert (found.missing_files, found.missing_bytes) == (1, 10)
    upload_data(project.session(), [images])
    next(path for path in store.glob("files/md5/??/*.dir")).unlink()
    found = remote(project)["images"]
    assert (found.state, found.missing_files) == ("incomplete", 0)


def test_a_part_of_a_file_is_not_the_file(project, images, store):  # noqa: ARG001 - it is added
    md5 = read_pointer(project.root / "data/rides.csv.dvc").md5
    upload_data(project.session(), [md5])
    path = store / "files/md5" / md5[:2] / md5[2:]
    path.chmod(0o644)
    path.write_bytes(b"part")
    assert remote(project)["rides"].missing_files == 1


def test_a_pointer_of_dvc_alone_names_the_author_of_its_commit(project, store):  # noqa: ARG001 - a remote
    project.write("x.bin.dvc", f"outs:\n- md5: {'ab' * 16}\n  size: 9\n  hash: md5\n  path: x.bin\n")
    git = ["git", "-c", "user.name=Bo", "-c", "user.email=bo@example.org"]
    subprocess.run([*git, "add", "x.bin.dvc"], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "x"], check=True)
    found = remote(project)["x"]
    assert (found.state, found.version, found.here) == ("incomplete", None, False)
    assert found.added_by == "Bo <bo@example.org>"
    text = (project.root / "x.bin.dvc").read_text()
    project.write("x.bin.dvc", f"{text}  push: false\n")
    assert remote(project)["x"].state == "elsewhere"


class Counting:
    """A store that counts what it is asked."""

    def __init__(self, inner):
        self.url, self.parallel, self.inner, self.asked = inner.url, 1, inner, []

    def sizes(self, keys):
        keys = list(keys)
        self.asked += keys
        return self.inner.sizes(keys)

    def close(self):
        self.inner.close()


def test_what_is_complete_costs_one_key_a_dataset(project, images, monkeypatch):
    upload_data(project.session(), [images, read_pointer(project.root / "data/rides.csv.dvc").md5])
    made = []

    def opened(session):
        made.append(Counting(open_data_store(session)))
        return made[-1]

    monkeypatch.setattr(remote_presence, "open_data_store", opened)
    assert remote(project)["images"].state == "complete"
    assert len(made[0].asked) == 2


PIPELINE = """
stages:
  fit:
    cmd: x
    outs:
    - model.pkl
    - plots
    - away.bin: {remote: other}
    - local.bin: {push: false}
    metrics:
    - metrics.json: {cache: false}
"""


def locked(project, outs):
    rows = "".join(
        f"    - {{path: {path}, hash: md5, md5: {md5}, size: {size}{more}}}\n"
        for path, md5, size, more in outs
    )
    project.write("pipe/dvc.yaml", PIPELINE)
    project.write("pipe/dvc.lock", f"schema: '2.0'\nstages:\n  fit:\n    cmd: x\n    outs:\n{rows}")


def test_outs_of_pipelines_are_looked_for_too(project, images, tmp_path):
    with (project.root / ".mlctl/config.toml").open("a") as config:
        config.write('default = true\n[remotes.other]\nurl = "../other"\n')
    upload_data(project.session(), [images, read_pointer(project.root / "data/rides.csv.dvc").md5])
    assert "fit" not in remote(project)
    model, away, local = md5_of(b"model"), md5_of(b"away"), md5_of(b"local")
    outs = [
        ("model.pkl", model, 5, ""),
        ("plots", images, 30, ", nfiles: 3"),
        ("away.bin", away, 4, ""),
        ("local.bin", local, 5, ""),
        ("metrics.json", md5_of(b"1"), 1, ""),
    ]
    locked(project, outs)

    def outs_found():
        data = data_status(project.session(), DataStatusRequest(remote=True)).data.remote
        return {one.path: one for one in data.datasets if one.stage == "fit"}, data.complete

    found, complete = outs_found()
    assert {path: one.state for path, one in found.items()} == {
        "pipe/model.pkl": "incomplete",
        "pipe/plots": "complete",
        "pipe/away.bin": "incomplete",
        "pipe/local.bin": "elsewhere",
    }
    assert not complete
    one = found["pipe/model.pkl"]
    assert (one.version, one.missing_files, one.missing_bytes, one.next) == (None, 1, 5, "dvc push")
    for store, md5, data in (("store", model, b"model"), ("other", away, b"away")):
        path = tmp_path / store / "files/md5" / md5[:2] / md5[2:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    assert outs_found()[1]


def md5_of(data):
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
