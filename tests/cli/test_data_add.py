"""`mlctl data add` in a terminal."""


def test_one_document_with_the_versions(project):
    code, document = project.json("data", "add", "rides.csv")
    (row,) = document["data"]["datasets"]
    assert code == 0
    assert document["schema"] == "mlctl.data.add/1"
    assert {"name", "version", "path", "rows", "columns", "bytes", "md5", "created"} <= set(row)
    assert (row["name"], row["version"], row["rows"]) == ("rides", 1, 28)
    assert document["data"]["changed"]
    assert document["next"] == ["mlctl train"]


def test_twice_is_unchanged(project):
    project.run("data", "add")
    code, document = project.json("data", "add")
    assert (code, document["data"]["changed"], document["data"]["added"]) == (0, False, [])
    assert project.run("data", "add").stdout.endswith("unchanged\n")


def test_the_text_says_what_to_commit(project):
    done = project.run("data", "add")
    assert done.stdout.splitlines()[0].startswith("rides@1  rides.csv  28 rows, 4 columns")
    assert "  + rides.csv.dvc" in done.stdout


def test_paths_are_relative_to_where_one_stands(project):
    (project.folder / "deep").mkdir()
    (project.folder / "deep/x.csv").write_text("a,b\n1,2\n")
    code, document = project.json("-C", "deep", "data", "add", "x.csv")
    assert (code, document["data"]["datasets"][0]["path"]) == (0, "deep/x.csv")


def test_bad_input_has_the_code_of_its_family(project):
    (project.folder / "empty.csv").write_text("")
    (project.folder / "header.csv").write_text("a,b\n")
    (project.folder / "folder").mkdir()
    (project.folder / "link.csv").symlink_to("rides.csv")
    for arguments, code in (
        (("none.csv",), 20),
        (("empty.csv",), 90),
        (("header.csv",), 90),
        (("folder",), 20),
        (("link.csv",), 2),
        (("a\nb.csv",), 20),
        (("/etc/passwd",), 2),
        (("rides.csv", "--name", "other"), 2),
    ):
        found, document = project.json("data", "add", *arguments)
        assert (found, document["ok"]) == (code, False), document
