"""`mlctl data mv` in a terminal."""


def test_a_move_tells_what_to_commit_and_what_to_write(project):
    project.run("data", "add")
    done = project.run("data", "mv", "rides", "data/rides.csv", "-v")
    assert done.stdout.splitlines() == [
        "rides@2  rides.csv -> data/rides.csv",
        "  + .gitignore",
        "  + data/.gitignore",
        "  + data/rides.csv.dvc",
        "  - rides.csv.dvc",
    ]
    assert 'set path = "data/rides.csv" in [data.rides]' in done.stderr
    assert project.run("data", "log", "rides").stdout.splitlines()[1].endswith("  moved from rides.csv")
    assert project.json("data", "mv", "nothing", "x")[0] == 20
