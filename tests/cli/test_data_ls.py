"""`mlctl data ls` in a terminal."""


def test_the_shape_that_scripts_rely_on(project):
    project.run("data", "add")
    code, document = project.json("data", "ls")
    (row,) = document["data"]["datasets"]
    assert code == 0
    assert {"name", "version", "path", "files", "rows", "columns", "bytes", "md5", "created"} <= set(row)


def test_a_table_for_people(project):
    assert project.run("data", "ls").stdout == "no datasets\n"
    project.run("data", "add")
    head, row = project.run("data", "ls").stdout.splitlines()
    assert head.split() == ["dataset", "path", "files", "rows", "columns", "size", "added"]
    assert row.split()[:4] == ["rides@1", "rides.csv", "28", "4"]
