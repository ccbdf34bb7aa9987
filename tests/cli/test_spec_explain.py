"""`spec explain`: the whole spec as TOML that reads back, defaults marked."""

import tomllib

from mlctl.domain.spec_reader import read_spec


def test_the_text_is_a_spec_that_means_the_same(project):
    printed = project.run("spec", "explain").stdout
    written = (project.folder / "mlctl.toml").read_text(encoding="utf-8")
    assert read_spec(printed, "mlctl.toml") == read_spec(written, "mlctl.toml")


def test_only_what_the_file_does_not_say_is_marked(project):
    lines = project.run("spec", "explain", "model.demand").stdout.splitlines()
    marked = {line.split()[0] for line in lines if line.endswith("# default")}
    assert "seed" in marked
    assert "target" not in marked
    assert any(line.startswith("# train_where =") and line.endswith("# inferred or off") for line in lines)


def test_a_part_is_printed_alone(project):
    part = tomllib.loads(project.run("spec", "explain", "model.demand.monitor").stdout)
    assert list(part) == ["model"]
    assert list(part["model"]["demand"]) == ["monitor"]


def test_a_mistyped_key_names_the_nearest_and_the_hint_works(project):
    code, document = project.json("spec", "explain", "model.demand.monitr")
    assert code == 20
    (hint,) = document["error"]["hints"]
    assert hint == "mlctl spec explain model.demand.monitor"
    assert project.run(*hint.split()[1:]).returncode == 0
