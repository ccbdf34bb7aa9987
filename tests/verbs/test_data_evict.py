"""Nothing goes that the remote does not verifiably have, that anything else needs, or that is linked to."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from functools import partial

import pytest

from mlctl.domain.errors import Locked, Missing, NotFound, UsageError
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_checkout import DataCheckoutRequest
from mlctl.domain.requests.data_evict import DataEvictRequest
from mlctl.domain.requests.fsck import FsckRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.project.remote_stores import open_data_store
from mlctl.transport.data_transfer import upload_data
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_checkout import data_checkout
from mlctl.verbs.data_evict import data_evict
from mlctl.verbs.fsck import fsck
from mlctl.verbs.undo import undo
from mlctl.workspace.dvc_files import read_pointer
from mlctl.workspace.dvc_lock import dvc_lock
from tests.remote_servers import make_bucket, s3_options, s3_server, web_server

FILES = {"a.bin": "aaaa", "b.bin": "bb", "deep/c.bin": "c"}


def remote(project, url="../store"):
    with (project.root / ".mlctl/config.toml").open("a") as config:
        config.write(f'\n[remotes.origin]\nurl = "{url}"\n')


def add(project, *paths):
    data_add(project.session(), DataAddRequest(paths=paths))
    return [read_pointer(project.root / f"{path}.dvc").md5 for path in paths]


@pytest.fixture
def images(project):
    """Two versions of a folder, on the remote; the second has one file more."""
    remote(project)
    for path, text in FILES.items():
        project.write(f"images/{path}", text)
    (first,) = add(project, "images")
    project.write("images/new.bin", "newer")
    (second,) = add(project, "images")
    upload_data(project.session(), [first, second])
    return project


def evict(project, *datasets, **more):
    return data_evict(project.session(), DataEvictRequest(datasets=datasets, **more)).data


def cached(project):
    top = project.root / ".mlctl/cache/files/md5"
    return {path.parent.name + path.name for path in top.glob("??/*") if not path.name.endswith(".dir")}


def kept(found):
    return {one.what: one.files for one in found.kept}


def stored(project, text):
    top = project.root.parent / "store/files/md5"
    return next(path for path in top.glob("??/*") if path.read_text() == text)


def test_the_plan_says_files_and_bytes_and_changes_nothing(images):
    before = cached(images)
    found = evict(images, "images")
    assert (found.files, found.bytes, found.changed) == (4, 12, False)
    assert found.datasets == ("images@1", "images@2")
    assert [(one.what, one.files) for one in found.proofs] == [("read", 4)]
    outcome = data_evict(images.session(), DataEvictRequest(datasets=("images",)))
    assert outcome.next == ("mlctl data evict images --yes",)
    assert cached(images) == before
    assert not evict(images, "images", yes=True, dry_run=True).changed
    assert cached(images) == before


def test_what_is_proven_goes_and_checkout_fetches_it_again(images):
    found = evict(images, "images", yes=True)
    assert (found.files, found.changed, kept(found)) == (4, True, {})
    assert cached(images) == set()
    assert (images.root / "images/new.bin").read_text() == "newer"
    again = evict(images, "images", yes=True)
    assert (again.files, again.changed) == (0, False)
    shutil.rmtree(images.root / "images")
    restored = data_checkout(images.session(), DataCheckoutRequest(dataset="images")).data.datasets[0]
    assert restored.fetched == 4
    assert (images.root / "images/deep/c.bin").read_text() == "c"


def test_a_checkout_that_has_nothing_to_write_does_not_fill_the_cache_again(images):
    evict(images, "images", yes=True)
    data_checkout(images.session(), DataCheckoutRequest(dataset="images"))
    assert cached(images) == set()
    (images.root / ".mlctl/evicted.json").unlink()
    data_checkout(images.session(), DataCheckoutRequest(dataset="images"))
    assert len(cached(images)) == 4


def test_fsck_tells_what_was_sent_away_from_what_was_lost(images):
    lost = next(iter(cached(images)))
    evict(images, "images", yes=True)
    (note,) = fsck(images.session(), FsckRequest()).data.notes
    assert note.startswith("4 files were evicted from the cache: ")
    assert str(images.root.parent / "store") in note
    (images.root / ".mlctl/evicted.json").write_text("damaged")
    shutil.rmtree(images.root.parent / "store")
    config = images.root / ".mlctl/config.toml"
    config.write_text(config.read_text().split("[remotes")[0])
    with pytest.raises(Missing) as caught:
        fsck(images.session(), FsckRequest())
    assert any(lost[2:] in problem["path"] for problem in caught.value.facts["problems"])


def test_what_another_version_or_dataset_needs_stays(images):
    found = evict(images, "images@1", yes=True)
    assert (found.files, kept(found)) == (0, {"needed": 3})
    found = evict(images, "images@2", yes=True)
    assert (found.files, kept(found)) == (1, {"needed": 3})
    images.write("copy.bin", "aaaa")
    add(images, "copy.bin")
    found = evict(images, "images", yes=True)
    assert (found.files, kept(found)) == (2, {"needed": 1})
    assert evict(images, "images", "copy", yes=True).files == 1
    assert cached(images) == set()


def test_what_only_a_pointer_needs_stays_too(images):
    images.write("other.dvc", (images.root / "images.dvc").read_text().replace("path: images", "path: other"))
    assert kept(evict(images, "images", yes=True)) == {"needed": 4}
    assert evict(images, yes=True).files == 4


def test_what_the_remote_lacks_or_has_of_another_size_or_content_stays(images):
    stored(images, "aaaa").unlink()
    for text, other in (("bb", "b"), ("c", "x")):
        path = stored(images, text)
        path.chmod(0o644)
        path.write_text(other)
    outcome = data_evict(images.session(), DataEvictRequest(datasets=("images",), yes=True))
    assert kept(outcome.data) == {"absent": 1, "differs": 2}
    assert outcome.data.files == 1
    assert outcome.next[0].endswith("push")
    assert len(cached(images)) == 3


def test_size_alone_is_proof_only_where_it_is_said(images):
    path = stored(images, "c")
    path.chmod(0o644)
    path.write_text("x")
    assert kept(evict(images, "images", yes=True)) == {"differs": 1}
    found = evict(images, "images", yes=True, trust_size=True)
    assert [(one.what, one.files) for one in found.proofs] == [("size", 1)]
    assert cached(images) == set()


def test_what_a_link_of_the_work_tree_leads_to_stays(images):
    top = images.root / ".mlctl/cache/files/md5"
    for name, text, link in (("a.bin", "aaaa", os.link), ("b.bin", "bb", os.symlink)):
        target = images.root / "images" / name
        source = next(path for path in top.glob("??/*") if path.read_text() == text)
        target.unlink()
        link(source, target)
    found = evict(images, "images", yes=True)
    assert (found.files, kept(found)) == (2, {"linked": 2})
    assert (images.root / "images/b.bin").read_text() == "bb"


def test_a_remote_that_is_the_cache_itself_by_whatever_name_proves_nothing(project):
    project.write("a.bin", "aaaa")
    add(project, "a.bin")
    (project.root.parent / "alias").symlink_to(project.root / ".mlctl/cache")
    remote(project, "../alias")
    assert kept(evict(project, "a")) == {"absent": 1}
    assert not evict(project, "a", yes=True).changed
    assert len(cached(project)) == 1


def test_a_remote_that_serves_the_cache_from_elsewhere_is_found_out(project, monkeypatch):
    project.write("a.bin", "aaaa")
    add(project, "a.bin")
    remote(project, str(project.root / ".mlctl/cache"))

    class Elsewhere:
        """What another machine would make of the folder: no path of this one."""

        def __init__(self, session, name=None):
            self.inner = open_data_store(session, name)
            self.url, self.parallel = "ssh://here/cache", 2

        def __getattr__(self, name):
            if name == "folder":
                raise AttributeError(name)
            return getattr(self.inner, name)

    monkeypatch.setattr("mlctl.verbs.data_evict.open_data_store", Elsewhere)
    with pytest.raises(UsageError, match=r"is the cache .* itself"):
        evict(project, "a", yes=True)
    assert len(cached(project)) == 1


def test_names_that_mean_nothing_and_a_cache_of_others_are_refused(images, tmp_path):
    with pytest.raises(NotFound, match="no dataset 'image'; did you mean 'images'"):
        evict(images, "image")
    with pytest.raises(NotFound, match="images@9 does not exist"):
        evict(images, "images@9")
    (images.root / ".dvc/config.local").write_text(f"[cache]\ndir = {tmp_path / 'shared'}\n")
    with pytest.raises(UsageError, match="outside this project"):
        evict(images, "images")


def test_another_project_that_shares_the_cache_keeps_what_its_pointers_need(images, tmp_path):
    shutil.move(images.root / ".mlctl/cache", tmp_path / "shared")
    (images.root / ".dvc/config.local").write_text(f"[cache]\ndir = {tmp_path / 'shared'}\n")
    (tmp_path / "theirs/.dvc").mkdir(parents=True)
    md5 = stored(images, "bb").parent.name + stored(images, "bb").name
    (tmp_path / "theirs/b.dvc").write_text(f"outs:\n- md5: {md5}\n  size: 2\n  hash: md5\n  path: b\n")
    found = evict(images, "images", yes=True, projects=(str(tmp_path / "theirs"),))
    assert (found.files, kept(found)) == (3, {"needed": 1})


def test_nobody_else_may_be_at_work(images, monkeypatch):
    monkeypatch.setattr("mlctl.verbs.data_evict.dvc_lock", partial(dvc_lock, wait=0.1))
    with dvc_lock(images.root, []), pytest.raises(Locked):
        evict(images, "images", yes=True)


def test_s3_proves_by_its_own_digest_and_is_not_read(project, monkeypatch):
    with s3_server() as endpoint:
        remote(project, make_bucket(endpoint, "evicting"))
        for name, value in s3_options(endpoint).items():
            monkeypatch.setenv(f"MLCTL_REMOTE_ORIGIN_{name.upper()}", value)
        for path, text in FILES.items():
            project.write(f"images/{path}", text)
        upload_data(project.session(), add(project, "images"))
        found = evict(project, "images", yes=True)
        assert [(one.what, one.files) for one in found.proofs] == [("digest", 3)]
        assert cached(project) == set()
        shutil.rmtree(project.root / "images")
        assert data_checkout(project.session(), DataCheckoutRequest()).data.datasets[0].fetched == 3


KILLED = """
import os, signal, sys
from pathlib import Path
from mlctl.__main__ import main
left = int(sys.argv[1])
unlink = Path.unlink
def dying(self, *args, **named):
    global left
    if "files/md5" in str(self):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
    unlink(self, *args, **named)
Path.unlink = dying
sys.argv = ["mlctl", "data", "evict", "images", "--yes"]
sys.exit(main())
"""


@pytest.mark.parametrize("after", [0, 1, 2, 4])  # the first to go is the probe of the remote
def test_killed_between_two_files_the_cache_is_whole_and_the_rest_can_go(images, after):
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(after)],
        cwd=images.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -9, done.stderr
    data = fsck(images.session(), FsckRequest()).data
    assert data.clean
    left = cached(images)
    found = evict(images, "images", yes=True)
    assert found.files == len([md5 for md5 in left if md5 in known(images)])
    shutil.rmtree(images.root / "images")
    data_checkout(images.session(), DataCheckoutRequest(dataset="images"))
    assert (images.root / "images/a.bin").read_text() == "aaaa"


def known(project):
    listings = (project.root / ".mlctl/cache/files/md5").glob("??/*.dir")
    return {entry["md5"] for path in listings for entry in json.loads(path.read_text())}


@pytest.mark.slow
def test_the_real_dvc_brings_back_what_was_evicted(images):
    config = images.root / ".dvc/config"
    config.write_text(
        config.read_text() + "[core]\nremote = store\n['remote \"store\"']\nurl = ../../store\n"
    )
    evict(images, "images", yes=True)
    shutil.rmtree(images.root / "images")
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "pull"],
        cwd=images.root,
        env={**os.environ, "DVC_NO_ANALYTICS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (images.root / "images/new.bin").read_text() == "newer"
    assert len(cached(images)) == 4


def test_adding_again_does_not_fill_the_cache_with_what_was_evicted(images):
    evict(images, "images", yes=True)
    again = data_add(images.session(), DataAddRequest(paths=("images",))).data
    assert (again.changed, again.added, cached(images)) == (False, (), set())
    images.write("images/new.bin", "newest")
    for path in FILES:
        images.quiet(f"images/{path}")
    for _ in range(2):
        data_add(images.session(), DataAddRequest(paths=("images",)))
        assert {md5_of(b"newest")} == cached(images)
    assert fsck(images.session(), FsckRequest()).data.clean
    (images.root / ".mlctl/evicted.json").unlink()  # nobody knows any more who has them
    data_add(images.session(), DataAddRequest(paths=("images",)))
    assert len(cached(images)) == 4


def test_a_file_that_was_evicted_stays_away_unless_its_bytes_are_needed(project):
    remote(project)
    upload_data(project.session(), add(project, "data/rides.csv"))
    evict(project, "rides", yes=True)
    assert data_add(project.session(), DataAddRequest(paths=("data/rides.csv",))).data.changed is False
    assert cached(project) == set()
    undo(project.session(), UndoRequest())
    (again,) = data_add(project.session(), DataAddRequest(paths=("data/rides.csv",))).data.added
    assert again == "rides@2"
    assert len(cached(project)) == 1


def md5_of(data):
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def test_old_versions_go_by_count_and_age_and_never_what_a_pointer_names(images):
    images.write("images/new.bin", "newest")
    (third,) = add(images, "images")
    upload_data(images.session(), [third])
    assert evict(images, keep=3).datasets == ()
    assert evict(images, "images", keep=2).datasets == ("images@1",)
    found = evict(images, "images", keep=1)
    assert (found.datasets, found.files, kept(found)) == (("images@1", "images@2"), 1, {"needed": 3})
    assert evict(images, keep=0).datasets == ("images@1", "images@2")  # the pointer names the third
    assert evict(images, keep=0, older_than="1d").datasets == ()
    outcome = data_evict(images.session(), DataEvictRequest(keep=1, older_than="0s"))
    assert outcome.next == ("mlctl data evict --keep 1 --older-than 0s --yes",)
    assert outcome.data.datasets == ("images@1", "images@2")
    assert evict(images, keep=1, yes=True).files == 1
    assert "newer" not in {path.read_text() for path in images.root.glob(".mlctl/cache/files/md5/*/*")}
    with pytest.raises(UsageError, match="is one version"):
        evict(images, "images@1", keep=1)
    with pytest.raises(UsageError, match="not a duration"):
        evict(images, older_than="long")


CRAMPED = """
import resource, signal, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))  # as on a disk that has no room for the file
from mlctl.__main__ import main
sys.argv = ["mlctl", "data", "evict", "big", "--yes", "--json"]
sys.exit(main())
"""


def test_reading_back_needs_no_room_on_the_disk(project, tmp_path):
    project.write("big.bin", "0123456789abcdef" * (1 << 17))
    with web_server(tmp_path / "store") as url:
        remote(project, url)
        md5 = add(project, "big.bin")[0]
        place = tmp_path / "store/files/md5" / md5[:2] / md5[2:]
        place.parent.mkdir(parents=True)
        shutil.copy(project.root / "big.bin", place)
        done = subprocess.run(
            [sys.executable, "-c", CRAMPED], cwd=project.root, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["data"]["proofs"][0]["what"] == "read"
    assert cached(project) == set()


def test_a_checkout_fetches_what_is_gone_from_the_work_tree_and_no_more(images):
    evict(images, yes=True)
    (images.root / "images/a.bin").unlink()
    (one,) = data_checkout(images.session(), DataCheckoutRequest(dataset="images")).data.datasets
    assert (one.written, one.fetched) == (("images/a.bin",), 1)
