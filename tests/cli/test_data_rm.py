"""`mlctl data rm` in a terminal."""


def test_what_goes_and_what_stays_is_told(project):
    project.run("data", "add")
    done = project.run("data", "rm", "rides", "-v")
    assert done.stdout.splitlines() == [
        "rides  rides.csv  not tracked any more; its versions up to rides@1 stay",
        "  ~ .gitignore",
        "  - rides.csv.dvc",
    ]
    assert "[data.rides]" in done.stderr
    code, document = project.json("data", "rm", "rides")
    assert (code, document["data"]["changed"]) == (0, False)
    assert (project.folder / "rides.csv").exists()
