"""`data update`: asks cheaply, tells what changed, brings it; what has gone or does not answer is told."""

from hashlib import sha256

import pytest

from mlctl.builtin.sources import web as web_source
from mlctl.domain.errors import Corrupt, NotFound, Unreachable, UsageError, WorkspaceDirty
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_checkout import DataCheckoutRequest
from mlctl.domain.requests.data_import import DataImportRequest
from mlctl.domain.requests.data_update import DataUpdateRequest
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_checkout import data_checkout
from mlctl.verbs.data_import import data_import
from mlctl.verbs.data_update import data_update
from tests.remote_servers import make_bucket, s3_server
from tests.verbs.repositories import commit, git, make_repository
from tests.web_server import web_server

TABLE = b"a,b\n1,2\n"
LONGER = b"a,b\n1,2\n3,4\n"


def bring(project, source, path=None, **options):
    return data_import(project.session(), DataImportRequest(source=source, path=path, **options)).data


def update(project, *names, **options):
    return data_update(project.session(), DataUpdateRequest(names=names, **options)).data


@pytest.fixture
def web(project, monkeypatch):
    """A server, and a dataset `x` imported from it."""
    monkeypatch.setattr(web_source, "_FIRST_PAUSE", 0.001)
    with web_server() as made:
        made.files["/x.csv"] = TABLE
        bring(project, f"{made.url}/x.csv")
        made.asked.clear()
        yield made


def test_an_unchanged_source_costs_one_small_request(project, web):
    before = project.decisions()
    (one,) = update(project, "x").datasets
    assert (one.changed, one.before, one.version, one.files) == (False, 1, 1, ())
    assert [method for method, _, _ in web.asked] == ["HEAD"]
    assert project.decisions() == before


def test_a_changed_source_makes_a_version_and_tells_what_differs(project, web):
    web.files["/x.csv"] = LONGER
    dry = update(project, dry_run=True).datasets[0]
    assert (dry.changed, dry.version, dry.files) == (True, None, ())
    assert (project.root / "x.csv").read_bytes() == TABLE
    (one,) = update(project).datasets
    assert (one.changed, one.before, one.version) == (True, 1, 2)
    assert (one.rows_before, one.rows) == (1, 2)
    assert (one.tally.changed.files, one.tally.changed.bytes) == (1, len(LONGER))
    assert one.old.etag != one.new.etag
    assert one.files == ("x.csv", "x.csv.dvc")
    assert (project.root / "x.csv").read_bytes() == LONGER
    assert not update(project).changed


def test_an_older_version_stands_with_the_state_that_it_was_imported_at(project, web):
    first = (project.root / "x.csv.dvc").read_text()
    web.files["/x.csv"] = LONGER
    update(project)
    data_checkout(project.session(), DataCheckoutRequest(dataset="x@1"))
    assert (project.root / "x.csv.dvc").read_text() == first
    (one,) = update(project).datasets
    assert (one.changed, one.before, one.version) == (True, 1, 2)
    assert (project.root / "x.csv").read_bytes() == LONGER


@pytest.mark.usefixtures("web")
def test_the_same_bytes_under_a_new_etag_make_no_version(project):
    pointer = project.root / "x.csv.dvc"
    pointer.write_text(pointer.read_text().replace("checksum: '\"", "checksum: '\"0"))
    (one,) = update(project).datasets
    assert (one.changed, one.before, one.version) == (True, 1, 1)
    assert not update(project).changed


def promised(data):
    return sha256(data).hexdigest()


def test_what_an_import_promised_is_asked_of_every_update(project, web):
    web.files["/y.csv"] = TABLE
    bring(project, f"{web.url}/y.csv", sha256=promised(TABLE).upper())
    assert f"meta:\n  sha256: {promised(TABLE)}\n" in (project.root / "y.csv.dvc").read_text()
    assert update(project, "y").changed is False
    web.files["/y.csv"] = LONGER
    before, pointer = project.decisions(), (project.root / "y.csv.dvc").read_bytes()
    with pytest.raises(Corrupt, match=f"has the sha256 {promised(LONGER)}, not {promised(TABLE)}") as refused:
        update(project)
    assert refused.value.hints == (f"mlctl data update y --sha256 {promised(LONGER)}",)
    with pytest.raises(Corrupt):
        bring(project, f"{web.url}/y.csv")
    assert (project.decisions(), (project.root / "y.csv.dvc").read_bytes()) == (before, pointer)
    assert (project.root / "y.csv").read_bytes() == TABLE
    (one,) = update(project, "y", sha256=promised(LONGER)).datasets
    assert (one.version, one.new.sha256) == (2, promised(LONGER))
    assert update(project, "y", sha256=promised(LONGER)).changed is False
    assert update(project, "y").changed is False
    with pytest.raises(Corrupt):
        update(project, "y", sha256=promised(TABLE))


def test_a_promise_can_be_made_later_and_bytes_that_keep_it_may_come_anew(project, web):
    assert update(project, "x", sha256=promised(TABLE)).changed is True
    assert update(project, "x", sha256=promised(TABLE)).changed is False
    web.etags = False
    (one,) = update(project, "x").datasets
    assert (one.version, one.new.sha256) == (1, promised(TABLE))
    bring(project, f"{web.url}/x.csv", output="z.csv")
    with pytest.raises(UsageError, match="one dataset"):
        update(project, sha256=promised(TABLE))


def test_what_has_gone_is_told_with_the_old_state_and_nothing_changes(project, web):
    for status in (404, 410):
        web.status["/x.csv"] = status
        with pytest.raises(NotFound, match=r"/x\.csv answers 4.*stays as it is") as caught:
            update(project)
        assert caught.value.facts["lock"]["etag"] in caught.value.message
        assert caught.value.hints == ("mlctl data show x",)
    web.status["/x.csv"] = 502
    with pytest.raises(Unreachable):
        update(project)
    assert (project.root / "x.csv").read_bytes() == TABLE


def test_offline_is_unreachable(project):
    with web_server() as web:
        web.files["/x.csv"] = TABLE
        bring(project, f"{web.url}/x.csv")
    with pytest.raises(Unreachable):
        update(project)


def test_bytes_of_ones_own_are_not_overwritten(project, web):
    project.write("x.csv", "precious")
    assert not update(project).changed
    web.files["/x.csv"] = LONGER
    with pytest.raises(WorkspaceDirty) as caught:
        update(project)
    assert (project.root / "x.csv").read_text() == "precious"
    assert caught.value.hints[0] == "mlctl data diff x"


def test_a_source_that_tells_nothing_of_its_state_is_fetched_to_find_out(project, web):
    web.etags = False
    bring(project, f"{web.url}/x.csv", output="y.csv")
    web.asked.clear()
    (one,) = update(project, "y").datasets
    assert (one.before, one.version) == (1, 1)
    assert [method for method, _, _ in web.asked] == ["HEAD", "GET"]


def test_only_what_was_imported_can_be_updated(project):
    data_add(project.session(), DataAddRequest())
    with pytest.raises(NotFound, match="no dataset was imported"):
        update(project)
    with pytest.raises(NotFound, match="rides was not imported"):
        update(project, "rides")


def test_a_repository_is_followed_by_its_revision(project, tmp_path):
    other = make_repository(tmp_path / "other")
    bring(project, str(other), "data/img")
    assert not update(project).changed
    (other / "plain.csv").write_text("a\n1\n2\n")
    commit(other, "another file")
    (one,) = update(project).datasets
    assert (one.changed, one.before, one.version, one.tally.different) == (True, 1, 1, False)
    assert f"rev_lock: {git(other, 'rev-parse', 'HEAD')}" in (project.root / "img.dvc").read_text()
    git(other, "checkout", "-q", "-b", "next")
    (other / "plain.csv").write_text("a\n1\n2\n3\n")
    commit(other, "on a branch")
    git(other, "checkout", "-q", "-")
    bring(project, str(other), "plain.csv")
    (one,) = update(project, "plain", rev="next").datasets
    assert (one.rows_before, one.rows, one.source.rev) == (2, 3, "next")
    assert "rev: next" in (project.root / "plain.csv.dvc").read_text()
    with pytest.raises(UsageError):
        update(project, rev="next")
    git(other, "branch", "-q", "-D", "next")
    with pytest.raises(NotFound, match="no branch or tag 'next'"):
        update(project, "plain")


def test_a_file_and_a_folder_of_this_machine(project, tmp_path):
    outside = tmp_path / "outside"
    (outside / "img").mkdir(parents=True)
    (outside / "img/1.txt").write_text("one")
    (outside / "x.csv").write_bytes(TABLE)
    bring(project, str(outside / "img"))
    bring(project, str(outside / "x.csv"))
    assert not update(project).changed
    (outside / "img/2.txt").write_text("two")
    (outside / "img/1.txt").rename(outside / "img/3.txt")
    found = {one.name: one for one in update(project).datasets}
    assert (found["img"].tally.added.files, found["img"].tally.renamed.files) == (1, 1)
    assert not found["x"].changed
    assert sorted(path.name for path in (project.root / "img").iterdir()) == ["2.txt", "3.txt"]
    (outside / "x.csv").unlink()
    with pytest.raises(NotFound):
        update(project, "x")


def test_an_object_of_a_bucket(project, monkeypatch):
    with s3_server() as endpoint:
        import boto3  # noqa: PLC0415 - half a second, for this test alone

        bucket = make_bucket(endpoint, "data").split("/")[2]
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
        client = boto3.client("s3", endpoint_url=endpoint, **keys)
        for name, value in keys.items():
            monkeypatch.setenv(name.upper().replace("REGION_NAME", "AWS_DEFAULT_REGION"), value)
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        key = "day=1/x ü.csv"
        client.put_object(Bucket=bucket, Key=key, Body=TABLE)
        result = bring(project, f"s3://{bucket}/{key}", output="x.csv")
        assert f"etag: {result.lock.etag}" in (project.root / "x.csv.dvc").read_text()
        assert not update(project).changed
        client.put_object(Bucket=bucket, Key=key, Body=LONGER)
        assert update(project).datasets[0].rows == 2
        client.delete_object(Bucket=bucket, Key=key)
        with pytest.raises(NotFound, match="does not exist"):
            update(project)
        client.close()


def test_a_source_that_has_gone_keeps_no_other_from_being_asked(project, web):
    web.files["/y.csv"] = TABLE
    bring(project, f"{web.url}/y.csv")
    del web.files["/x.csv"]
    web.files["/y.csv"] = LONGER
    with pytest.raises(NotFound, match="updated all the same: y@2") as caught:
        update(project)
    assert "x was imported at" in caught.value.message
    assert caught.value.facts["updated"] == ["y@2"]
    assert (project.root / "y.csv").read_bytes() == LONGER
