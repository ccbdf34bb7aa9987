"""`mlctl data update` in a terminal."""

from tests.web_server import web_server


def test_what_changed_is_told(project):
    with web_server() as web:
        web.files["/x.csv"] = b"a,b\n1,2\n"
        project.run("data", "import", f"{web.url}/x.csv")
        assert project.run("data", "update").stdout.splitlines()[0] == "x@1  x.csv  unchanged"
        web.files["/x.csv"] = b"a,b\n1,2\n3,4\n"
        assert project.run("data", "update", "--dry-run").stdout.startswith("x  x.csv  would be updated\n")
        lines = project.run("data", "update", "x").stdout.splitlines()
        assert lines[0] == "x@2  x.csv  updated"
        assert lines[3:] == ["  1 changed (12 B)", "  1 rows -> 2 rows"]
        assert project.json("data", "update")[1]["data"]["changed"] is False
        web.status["/x.csv"] = 410
        code, document = project.json("data", "update")
        assert (code, document["error"]["id"]) == (20, "not_found")
    assert project.json("data", "update")[0] == 60
