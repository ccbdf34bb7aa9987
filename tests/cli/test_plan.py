"""`mlctl plan` in a terminal."""


def test_every_step_has_a_line_with_its_state_and_the_reason(project):
    done = project.run("plan")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["stale", "data", "rides"],
        ["stale", "train", "demand"],
        ["stale", "eval", "demand"],
        ["stale", "promote", "demand"],
    ]
    assert "no version yet" in lines[0]


def test_the_document_has_the_steps(project):
    code, document = project.json("plan")
    assert code == 0
    assert document["schema"] == "mlctl.plan/1"
    assert document["next"] == ["mlctl build"]
    first = document["data"]["steps"][0]
    assert {"step", "state", "why"} <= set(first)


def test_check_exits_43_and_still_shows_the_plan(project):
    code, document = project.json("plan", "--check")
    assert code == 43
    assert document["error"]["id"] == "would_change"
    assert len(document["data"]["steps"]) == 4


def test_the_quick_way_and_the_parsed_way_print_the_same(project):
    assert project.run("plan").stdout == project.run("plan", "--to", "production").stdout
    quick, parsed = project.run("plan", "--json"), project.run("plan", "--json", "--to", "production")
    assert quick.stdout == parsed.stdout
