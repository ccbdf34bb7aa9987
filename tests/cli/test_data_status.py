"""`mlctl data status` in a terminal."""


def test_check_is_43_before_and_0_after_the_add_that_it_asks_for(project):
    code, document = project.json("data", "status", "--check")
    assert (code, document["error"]["id"], document["data"]["clean"]) == (43, "would_change", False)
    (hint,) = document["error"]["hints"]
    assert hint == "mlctl data add rides.csv"
    assert project.run(*hint.split()[1:]).returncode == 0
    assert project.json("data", "status", "--check")[0] == 0


def test_without_check_it_is_0_and_a_line_a_dataset(project):
    done = project.run("data", "status")
    assert done.returncode == 0
    assert done.stdout.split()[:3] == ["new", "rides", "rides.csv"]
