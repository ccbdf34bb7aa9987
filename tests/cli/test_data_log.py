"""`mlctl data log` in a terminal."""


def test_versions_newest_first_with_a_star_at_the_current_one(project):
    project.run("data", "add")
    (project.folder / "rides.csv").write_text("id,day,temp,rides\n1,2026-01-01,1.5,3\n")
    project.run("data", "add")
    project.run("data", "checkout", "rides@1")
    code, document = project.json("data", "log", "rides")
    assert code == 0
    assert [(one["dataset"]["version"], one["current"]) for one in document["data"]["versions"]] == [
        (2, False),
        (1, True),
    ]
    lines = project.run("data", "log", "rides").stdout.splitlines()
    assert [line.startswith("*") for line in lines] == [False, False, True]


def test_an_unknown_dataset_is_exit_20(project):
    assert project.json("data", "log", "nothing")[0] == 20


def test_what_a_version_changed_stands_at_the_end_of_its_line(project):
    folder = project.folder / "img"
    folder.mkdir()
    (folder / "1.txt").write_text("one")
    project.run("data", "add", "img")
    (folder / "2.txt").write_text("two")
    project.run("data", "add", "img")
    lines = project.run("data", "log", "img").stdout.splitlines()
    assert [line.split("  ")[-1] for line in lines] == ["changes", "1 added (3 B)", "the first"]
    assert len(project.run("data", "log", "img", "-n", "1").stdout.splitlines()) == 2
