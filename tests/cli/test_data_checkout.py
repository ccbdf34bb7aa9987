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
