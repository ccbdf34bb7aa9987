"""`mlctl data checkout` in a terminal."""


def test_an_older_version_comes_back_and_the_second_time_is_unchanged(project):
    first = (project.folder / "rides.csv").read_bytes()
    project.run("data", "add")
    (project.folder / "rides.csv").write_text("id,day,temp,rides\n1,2026-01-01,1.5,3\n")
    project.run("data", "add")
    code, document = project.json("data", "checkout", "rides@1")
    assert (code, document["data"]["changed"]) == (0, True)
    assert (project.folder / "rides.csv").read_bytes() == first
    assert project.json("data", "checkout", "rides@1")[1]["data"]["changed"] is False


def test_unversioned_bytes_are_32_and_both_ways_out_work_as_typed(project):
    project.run("data", "add")
    (project.folder / "rides.csv").write_text("id,day,temp,rides\n9,2026-01-01,1.5,3\n")
    code, document = project.json("data", "checkout", "rides@1")
    assert (code, document["error"]["id"]) == (32, "workspace_dirty")
    assert document["error"]["hints"] == ["mlctl data add rides.csv", "mlctl data checkout rides@1 --force"]
    for hint in document["error"]["hints"]:
        assert project.run(*hint.split()[1:]).returncode == 0


def test_a_subfolder_alone_and_a_copy_elsewhere(project):
    for name in ("a/1.txt", "b/2.txt"):
        file = project.folder / "img" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    project.run("data", "add", "img")
    for file in (project.folder / "img").rglob("*.txt"):
        file.write_text("new")
    project.run("data", "add", "img")
    done = project.run("data", "checkout", "img@1", "--path", "a", "-v")
    assert done.stdout.splitlines() == ["img@1  img/a  1 written, 0 removed", "  + img/a/1.txt"]
    assert "the pointer of img is as it was" in done.stderr
    assert (project.folder / "img/b/2.txt").read_text() == "new"
    code, document = project.json("data", "checkout", "img@1", "--path", "b", "--to", "copy")
    assert (code, document["data"]["datasets"][0]["partial"]) == (0, True)
    assert (project.folder / "copy/2.txt").read_text() == "b/2.txt"
