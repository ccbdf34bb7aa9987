"""The real dvc on what mlctl has imported, and mlctl on what the real dvc has imported."""

import pytest

from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_import import DataImportRequest
from mlctl.domain.requests.data_update import DataUpdateRequest
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_import import data_import
from mlctl.verbs.data_update import data_update
from tests.remote_servers import make_bucket, s3_server
from tests.verbs.repositories import commit, make_repository
from tests.verbs.test_real_dvc import dvc
from tests.web_server import web_server

pytestmark = pytest.mark.slow

TABLE = b"a,b\n1,2\n"


def test_both_write_the_same_pointers_and_update_each_others_imports(project, tmp_path):
    other = make_repository(tmp_path / "other")
    outside = tmp_path / "outside.csv"
    outside.write_bytes(TABLE)
    commit(project.root, "start")
    with web_server() as web:
        web.files["/w.csv"] = TABLE
        sources = {
            "w.csv": (f"{web.url}/w.csv",),
            "outside.csv": (str(outside),),
            "img": (str(other), "data/img"),
            "plain.csv": (str(other), "plain.csv"),
        }
        for name, (source, *path) in sources.items():
            (project.root / "theirs").mkdir(exist_ok=True)
            command = ["import", source, *path, "-o"] if path else ["import-url", source]
            dvc(project.root, *command, f"theirs/{name}")
            request = DataImportRequest(source=source, path=(path or [None])[0], output=f"ours/{name}")
            data_import(project.session(), request)
            ours, theirs = (project.root / f"{side}/{name}.dvc" for side in ("ours", "theirs"))
            assert ours.read_text() == theirs.read_text()
        assert "up to date" in dvc(project.root, "status")

        web.files["/w.csv"] = b"a,b\n1,2\n3,4\n"
        outside.write_bytes(b"a,b\n5,6\n")
        (other / "plain.csv").write_text("a\n7\n")
        (other / "data/img/4.txt").write_text("four")
        dvc(other, "add", "-q", "data/img")
        commit(other, "two")
        # each updates what the other has imported
        dvc(project.root, "update", *(f"ours/{name}.dvc" for name in sources))
        data_add(project.session(), DataAddRequest(paths=tuple(f"theirs/{name}" for name in sources)))
        done = data_update(project.session(), DataUpdateRequest()).data
        assert {f"theirs/{name}" for name in sources} <= {one.path for one in done.datasets if one.changed}
        for name in sources:
            ours, theirs = (project.root / f"{side}/{name}.dvc" for side in ("ours", "theirs"))
            assert ours.read_text() == theirs.read_text()
        assert "up to date" in dvc(project.root, "status")


def test_what_is_added_over_an_import_keeps_dvc_content(project):
    with web_server() as web:
        web.files["/w.csv"] = TABLE
        data_import(project.session(), DataImportRequest(source=f"{web.url}/w.csv"))
        project.write("w.csv", "a,b\n9,9\n")
        data_add(project.session(), DataAddRequest(paths=("w.csv",)))
        assert f"path: {web.url}/w.csv" in (project.root / "w.csv.dvc").read_text()
        assert "up to date" in dvc(project.root, "status")


def test_an_object_of_a_bucket_has_the_same_pointer(project, monkeypatch):
    with s3_server() as endpoint:
        import boto3  # noqa: PLC0415 - half a second, for this test alone

        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        for name, value in {**keys, "aws_default_region": "us-east-1", "aws_endpoint_url": endpoint}.items():
            monkeypatch.setenv(name.upper(), value)
        bucket = make_bucket(endpoint, "data").split("/")[2]
        client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)
        client.put_object(Bucket=bucket, Key="x.csv", Body=TABLE)
        url = f"s3://{bucket}/x.csv"
        data_import(project.session(), DataImportRequest(source=url, output="ours/x.csv"))
        (project.root / "theirs").mkdir()
        dvc(project.root, "import-url", url, "theirs/x.csv")
        ours, theirs = (project.root / f"{side}/x.csv.dvc" for side in ("ours", "theirs"))
        assert ours.read_text() == theirs.read_text()
        client.put_object(Bucket=bucket, Key="x.csv", Body=b"a,b\n5,6\n")
        dvc(project.root, "update", "ours/x.csv.dvc")
        data_update(project.session(), DataUpdateRequest())
        assert ours.read_text() == theirs.read_text()
        client.close()
