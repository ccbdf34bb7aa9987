"""S3 beside the contract: large files in parts, and what its answers mean."""

import pytest

from mlctl.builtin.remotes.s3 import S3Remote
from mlctl.domain.errors import Denied, Missing, NotFound, Unreachable, UsageError
from mlctl.sharing.retry import RetryingStore
from tests.remote_servers import make_bucket, s3_options, s3_server
from tests.sharing.faulty import faulty_line

PART = 5 << 20


@pytest.fixture(scope="module")
def endpoint():
    with s3_server() as url:
        yield url


def test_an_upload_that_broke_off_is_continued_with_the_parts_that_it_lacks(endpoint, tmp_path):
    url = make_bucket(endpoint, "parts")
    source = tmp_path / "large"
    source.write_bytes(bytes(range(256)) * (3 * PART // 256) + b"end")
    sent = []

    class BreaksError(Exception):
        pass

    def told(size):
        sent.append(size)
        if len(sent) == 2:
            raise BreaksError

    store = S3Remote().open(url, s3_options(endpoint))
    store.part = PART
    with pytest.raises(BreaksError):
        store.put_file("large", source, told)
    assert not store.sizes(["large"])
    other = S3Remote().open(url, s3_options(endpoint))
    other.part = PART
    uploaded = []
    other._client.meta.events.register(
        "before-call.s3.UploadPart", lambda params, **_: uploaded.append(params)
    )
    sent = []
    other.put_file("large", source, sent.append)
    assert len(uploaded) <= 2  # of four, of which two at least were there
    assert sum(sent) == source.stat().st_size
    assert other.read("large") == source.read_bytes()
    assert "Uploads" not in other._client.list_multipart_uploads(Bucket="parts")


def test_parts_of_other_bytes_under_the_same_key_are_not_taken(endpoint, tmp_path):
    url = make_bucket(endpoint, "others")
    store = S3Remote().open(url, s3_options(endpoint))
    store.part = PART
    at = store._at("large")
    upload = store._client.create_multipart_upload(**at)["UploadId"]
    store._client.upload_part(**at, UploadId=upload, PartNumber=1, Body=b"x" * PART)
    source = tmp_path / "large"
    source.write_bytes(b"y" * (2 * PART))
    store.put_file("large", source, lambda _: None)
    assert store.read("large") == source.read_bytes()


def test_a_large_file_gets_through_a_line_that_fails(endpoint, tmp_path):
    url = make_bucket(endpoint, "failing")
    source = tmp_path / "large"
    source.write_bytes(bytes(range(256)) * (2 * PART // 256) + b"end")
    with faulty_line(endpoint, 7, patience=1) as (proxy, line):
        inner = S3Remote().open(url, {**s3_options(proxy), "read_timeout": "1"})
        inner.part = PART
        store = RetryingStore(inner, pause=lambda _seconds: None)
        sent = []
        store.put_file("large", source, sent.append)
        target = tmp_path / "back"
        target.touch()
        store.fetch("large", target, lambda _: None)
    assert sum(sent) == source.stat().st_size
    assert target.read_bytes() == source.read_bytes()
    assert sum(line.seen.values()) > line.seen["fine"]


def test_a_bucket_that_is_not_there_is_told(endpoint):
    store = S3Remote().open("s3://no-such-bucket/x", s3_options(endpoint))
    for act in (lambda: store.read("a"), lambda: store.put("a", b""), lambda: [*store.list("")]):
        with pytest.raises((NotFound, Missing)):
            act()


def test_no_credentials_are_told_and_none_are_shown(endpoint, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    store = S3Remote().open("s3://bucket/x", {"endpointurl": endpoint, "region": "us-east-1"})
    with pytest.raises(Denied, match="credentials"):
        store.read("a")


def test_nobody_answering_is_unreachable_and_leaves_no_doubt():
    store = S3Remote().open("s3://bucket/x", s3_options("http://127.0.0.1:9"))
    with pytest.raises(Unreachable) as caught:
        store.create("a", b"x")
    assert caught.value.facts["in_doubt"] is False


def test_an_answer_that_is_lost_leaves_doubt(endpoint):
    url = make_bucket(endpoint, "doubt")
    with faulty_line(endpoint, 0, share=1.0, patience=0.3) as (proxy, line):
        store = S3Remote().open(url, {**s3_options(proxy), "read_timeout": "0.3"})
        fates = [_fate(store, f"k{number}") for number in range(12)]
        assert fates.count("in doubt") == 12 - line.seen["cut"] > 0  # an empty answer cannot be cut


def _fate(store, key):
    try:
        return "won" if store.create(key, b"x") else "lost"
    except Unreachable as error:
        return "in doubt" if error.facts["in_doubt"] else "not done"


@pytest.mark.parametrize("url", ["s3://", "s3:///key", "s3://key:secret@bucket/x", "s3://bucket/x?y=1"])
def test_a_url_that_is_no_bucket_is_refused_without_its_credentials(url):
    with pytest.raises(UsageError) as caught:
        S3Remote().open(url, {})
    assert "secret" not in caught.value.message


def test_a_profile_that_is_not_there_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(UsageError, match="nobody"):
        S3Remote().open("s3://bucket", {"profile": "nobody", "region": "us-east-1"})


@pytest.mark.parametrize("only", ["access_key_id", "secret_access_key"])
def test_half_a_pair_of_credentials_is_refused(only):
    with pytest.raises(UsageError, match=f"{only} goes with"):
        S3Remote().open("s3://bucket/x", {only: "one", "region": "eu"})
