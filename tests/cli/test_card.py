"""`mlctl card` in a terminal and for programs."""


def test_the_card_of_a_version_in_the_terminal_as_json_and_as_a_file(project):
    assert project.run("train").returncode == 0
    text = project.run("card")
    assert text.returncode == 0, text.stderr
    assert text.stdout.startswith("demand@1  ")
    assert "  purpose  not on record" in text.stdout
    code, document = project.json("card", "demand@1")
    assert code == 0
    assert "metrics" in document["data"]["missing"]
    assert document["next"] == ["mlctl spec explain model.demand.card"]
    assert project.run("spec", "explain", "model.demand.card").returncode == 0
    assert project.run("card", "--markdown", "CARD.md").returncode == 0
    written = (project.folder / "CARD.md").read_text(encoding="utf-8")
    assert written == project.run("card", "--markdown", "-").stdout
    assert written.startswith("# demand@1\n")


def test_without_a_version_the_hint_works(project):
    code, document = project.json("card")
    assert code == 20
    assert project.run(*document["error"]["hints"][0].split()[1:]).returncode == 0
