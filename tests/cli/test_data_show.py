"""`mlctl data show` in a terminal."""


def test_schema_and_profile(project):
    project.run("data", "add")
    code, document = project.json("data", "show", "rides@1")
    assert code == 0
    assert [column["name"] for column in document["data"]["schema"]] == ["id", "day", "temp", "rides"]
    assert document["data"]["profile"]["rows"] == 28


def test_a_line_a_column_for_people(project):
    project.run("data", "add")
    lines = project.run("data", "show").stdout.splitlines()
    assert lines[0] == "rides@1  rides.csv"
    assert [line.split()[0] for line in lines[-4:]] == ["id", "day", "temp", "rides"]
    assert "43.5" in lines[-1]


def test_before_anything_is_added_the_next_command_is_told(project):
    code, document = project.json("data", "show")
    assert (code, document["error"]["hints"]) == (20, ["mlctl data add"])
