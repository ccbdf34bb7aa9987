"""`mlctl data import` in a terminal."""

import pytest

from tests.web_server import web_server


@pytest.fixture
def web():
    with web_server() as made:
        made.files["/x.csv"] = b"a,b\n1,2\n"
        yield made


def test_an_import_says_what_came_from_where(project, web):
    done = project.run("data", "import", f"{web.url}/x.csv", "-o", "in/x.csv")
    lines = done.stdout.splitlines()
    assert lines[0] == "x@1  in/x.csv  8 B  imported"
    assert lines[1].startswith(f"  from {web.url}/x.csv (")
    assert "  + in/x.csv.dvc" in lines
    again = project.run("data", "import", f"{web.url}/x.csv", "-o", "in/x.csv")
    assert again.stdout.splitlines()[0] == "x@1  in/x.csv  8 B  unchanged"


def test_a_dry_run_and_its_json(project, web):
    code, document = project.json("data", "import", f"{web.url}/x.csv", "--dry-run")
    assert (code, document["data"]["changed"], document["data"]["dataset"]) == (0, True, None)
    assert document["schema"] == "mlctl.data.import/1"
    assert not (project.folder / "x.csv").exists()


def test_exit_codes(project, web):
    web.status["/denied.csv"] = 403
    assert project.json("data", "import", f"{web.url}/denied.csv")[0] == 61
    assert project.json("data", "import", f"{web.url}/x.csv", "--sha256", "0" * 64)[0] == 50
    assert project.json("data", "import", "http://127.0.0.1:9/x.csv")[0] == 60


def test_show_tells_the_source_in_words(project, web):
    project.run("data", "import", f"{web.url}/x.csv")
    line = next(line for line in project.run("data", "show", "x").stdout.splitlines() if "import" in line)
    assert line.startswith(f"  import    from {web.url}/x.csv (")
    assert "{" not in line
