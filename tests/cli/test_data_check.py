"""`mlctl data check` in a terminal."""


def declare(project, checks):
    spec = (project.folder / "mlctl.toml").read_text()
    (project.folder / "mlctl.toml").write_text(
        spec.replace('time = ["day"]\n', f'time = ["day"]\nchecks = {checks}\n', 1)
    )


def test_checks_that_hold(project):
    declare(project, '["unique(id)", "rides > 0"]')
    code, document = project.json("data", "check")
    assert (code, document["data"]["passed"]) == (0, True)
    assert project.run("data", "check").stdout.count("  ok  ") == 2


def test_a_broken_check_is_42_with_the_full_result_and_the_rows(project):
    declare(project, '["rides < 80"]')
    code, document = project.json("data", "check", "rides")
    assert (code, document["ok"], document["error"]["id"]) == (42, False, "data_check_failed")
    (result,) = document["data"]["datasets"][0]["checks"]
    assert result["examples"] == [{"row": 27, "value": 81}, {"row": 28, "value": 84}]
    project.quiet("rides.csv")
    project.run("data", "check")
    done = project.run("data", "check")
    assert "BROKEN  rides < 80" in done.stdout
    assert "row 27: 81" in done.stdout
    assert done.stderr.startswith("error: rides.csv: check rides < 80 does not hold")
