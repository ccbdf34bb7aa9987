"""Eight processes at once on one repository: one winner for each number, no gap, nothing lost."""

import json
import shutil

import pytest

from tests.e2e.projects import day, decisions, small, write_csv

pytestmark = pytest.mark.slow

MANY = 8


def at_once(terminal, *commands):
    """Run the commands at the same time; each one's exit code and document."""
    programs = [terminal.start(*command, "--json") for command in commands]
    answers = [(program, *program.communicate(timeout=240)) for program in programs]
    assert not [err for _program, _out, err in answers if "Traceback" in err]
    return [(program.returncode, json.loads(out)) for program, out, _err in answers]


def chained(terminal):
    """How many decisions there are: each number once, each naming the one before, nothing damaged."""
    log = terminal.data("log")["decisions"][::-1]
    numbers = [one["number"] for one in log]
    assert numbers == list(range(1, len(numbers) + 1))
    assert [one["parent"] for one in log] == [None, *(one["sha256"] for one in log[:-1])]
    assert terminal.data("fsck")["clean"] is True
    return len(numbers)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Eight versions, each evaluated for the stage that is still empty."""
    terminal = small(tmp_path_factory.mktemp("races") / "trained")
    terminal.data("init")
    for number in range(MANY):
        terminal.data("train", "--set", f"alpha={number + 1}.0")
    return terminal


@pytest.fixture
def project(trained, tmp_path):
    folder = tmp_path / "project"
    shutil.copytree(trained.folder, folder, symlinks=True)
    return type(trained)(folder)


def test_eight_promotions_race_and_each_number_has_one_winner(project):
    before = chained(project)
    commands = [
        ("promote", f"demand@{number + 1}", "--force", "--reason", f"racer {number + 1}")
        for number in range(MANY)
    ]
    answers = at_once(project, *commands)
    assert [code for code, _document in answers] == [0] * MANY
    data = [document["data"] for _code, document in answers]
    assert sorted(one["decision"] for one in data) == list(range(before + 1, before + MANY + 1))
    assert chained(project) == before + MANY
    held = [one["version"] for one in sorted(data, key=lambda one: one["decision"])]
    previous = [one["previous"] for one in sorted(data, key=lambda one: one["decision"])]
    assert previous == [None, *held[:-1]]  # each one saw what the one before it had done
    assert project.data("status")["models"][0]["stages"] == {"production": held[-1]}


def test_eight_promotions_of_one_version_move_the_stage_once(project):
    before = chained(project)
    answers = at_once(project, *[("promote", "demand@3", "--force", "--reason", "same")] * MANY)
    assert [code for code, _document in answers] == [0] * MANY
    assert sorted(document["data"]["changed"] for _code, document in answers) == [False] * (MANY - 1) + [True]
    assert chained(project) == before + 1


def test_eight_trainings_race_and_each_makes_its_version(project):
    before = chained(project)
    commands = [("train", "--set", f"alpha={number + 1}.5") for number in range(MANY)]
    answers = at_once(project, *commands)
    assert [code for code, _document in answers] == [0] * MANY
    versions = sorted(document["data"]["version"] for _code, document in answers)
    assert versions == list(range(MANY + 1, 2 * MANY + 1))
    assert chained(project) == before + MANY
    (model,) = project.data("models")["models"]
    assert sorted(one["version"] for one in model["versions"]) == list(range(1, 2 * MANY + 1))


def test_the_same_training_eight_times_at_once_makes_one_version(project):
    before = chained(project)
    same = ("train", "--set", "alpha=77.0")
    answers = at_once(project, *[same] * MANY)
    assert [code for code, _document in answers] == [0] * MANY
    data = [document["data"] for _code, document in answers]
    assert {one["version"] for one in data} == {MANY + 1}
    assert sum(one["changed"] for one in data) == 1
    assert chained(project) == before + 1
    assert project.data(*same)["changed"] is False


def test_eight_tables_added_at_once_are_eight_datasets(project):
    before = chained(project)
    for number in range(MANY):
        write_csv(project.folder / f"t{number}.csv", [day(one) for one in range(number, number + 20)])
    answers = at_once(project, *[("data", "add", f"t{number}.csv") for number in range(MANY)])
    assert [code for code, _document in answers] == [0] * MANY
    assert chained(project) == before + MANY
    known = {one["name"] for one in project.data("data", "ls")["datasets"]}
    assert {f"t{number}" for number in range(MANY)} <= known
    assert project.data("data", "status")["clean"] is True
    ignored = (project.folder / ".gitignore").read_text().splitlines()
    assert {f"/t{number}.csv" for number in range(MANY)} <= set(ignored)


def test_the_same_table_added_and_trained_on_eight_times_at_once_is_one_version(project):
    write_csv(project.folder / "rides.csv", [day(number) for number in range(190)])
    answers = at_once(project, *[("data", "add", "rides.csv"), ("train",)] * (MANY // 2))
    assert [code for code, _document in answers] == [0] * MANY
    changed = [name for names in decisions(project.folder) for name in names]
    assert changed.count("datasets/rides/2") == 1
    assert "datasets/rides/3" not in changed
    learnt = {
        one["version"]: one["digest"]
        for one in (document["data"] for _code, document in answers)
        if "version" in one
    }
    assert len(learnt) >= 1
    chained(project)
    assert project.data("train")["changed"] is False
