"""`mlctl build` in a terminal."""


def learnable(project):
    """Rides that follow from the temperature, so that the model beats its baseline."""
    rows = "".join(f"{n},2026-01-{n:02},{n % 7}.5,{(n % 7) * 30 + n % 2}\n" for n in range(1, 29))
    (project.folder / "rides.csv").write_text("id,day,temp,rides\n" + rows, encoding="utf-8")


def test_a_build_goes_from_data_to_production_and_then_has_nothing_to_do(project):
    learnable(project)
    code, document = project.json("build")
    assert code == 0, document
    assert {step["state"] for step in document["data"]["steps"]} == {"done"}
    assert document["data"]["changed"] is True
    code, again = project.json("build")
    assert code == 0
    assert {step["state"] for step in again["data"]["steps"]} == {"fresh"}
    assert again["data"]["changed"] is False


def test_a_refused_gate_exits_40_with_the_steps_and_every_reason(project):
    learnable(project)
    spec = project.folder / "mlctl.toml"
    spec.write_text(spec.read_text() + "\n[model.demand.gates.production]\nmae = { max = 0.000001 }\n")
    code, document = project.json("build")
    assert code == 40
    assert document["error"]["id"] == "gate_refused"
    assert document["data"]["steps"][-1]["state"] == "refused"
    assert document["data"]["reasons"][0]["gate"] == "mae.max"
    done = project.run("build")
    assert done.returncode == 40
    assert "refused  promote demand" in done.stdout


def test_a_dry_run_builds_nothing(project):
    assert project.run("build", "--dry-run").returncode == 0
    assert not (project.folder / "rides.csv.dvc").exists()


def test_the_quick_way_and_the_parsed_way_print_the_same(project):
    learnable(project)
    assert project.run("build").returncode == 0
    assert project.run("build").stdout == project.run("build", "--to", "production").stdout
