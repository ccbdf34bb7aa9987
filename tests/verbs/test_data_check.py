"""`data check`."""

import pytest

from mlctl.domain.errors import DataCheckFailed, NotFound, UnreadableTable
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_check import DataCheckRequest
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_check import data_check

BAD = "id,day,temp,rides\n1,2026-01-01,1.5,3\n2,2026-01-02,1.5,-4\n1,2026-01-03,1.5,5\n"


def check(project, dataset=None):
    return data_check(project.session(), DataCheckRequest(dataset=dataset)).data


def test_good_data_pass_every_check(project):
    (found,) = check(project).datasets
    assert [(result.check, result.passed) for result in found.checks] == [
        ("unique(id)", True),
        ("between(rides, 0, 1000)", True),
    ]
    assert (found.version, found.rows) == (None, 28)


def test_broken_checks_are_exit_42_with_examples_by_row(project):
    project.write("data/rides.csv", BAD)
    with pytest.raises(DataCheckFailed) as caught:
        check(project)
    results = {result.check: result for result in caught.value.data.datasets[0].checks}
    assert caught.value.exit_code == 42
    assert results["between(rides, 0, 1000)"].examples == ({"row": 2, "value": -4},)
    assert results["unique(id)"].examples == ({"row": 3, "value": 1},)


def test_the_file_in_the_work_tree_is_checked_not_its_version(project):
    data_add(project.session(), DataAddRequest())
    project.write("data/rides.csv", BAD)
    assert check(project, "rides@1").passed
    with pytest.raises(DataCheckFailed):
        check(project, "rides")


def test_a_version_is_checked_against_today_s_checks(project):
    data_add(project.session(), DataAddRequest())
    spec = (project.root / "mlctl.toml").read_text()
    project.write("mlctl.toml", spec.replace("between(rides, 0, 1000)", "between(rides, 0, 10)"))
    with pytest.raises(DataCheckFailed) as caught:
        check(project, "rides@1")
    assert caught.value.data.datasets[0].version == 1


def test_unknown_and_undeclared_data_are_told(project):
    with pytest.raises(NotFound, match="did you mean"):
        check(project, "ridess")
    project.write("mlctl.toml", 'spec = 1\n\n[project]\nname = "small"\n')
    with pytest.raises(NotFound, match="declares no data"):
        check(project)


def test_an_empty_table_is_unreadable(project):
    project.write("data/rides.csv", "")
    with pytest.raises(UnreadableTable):
        check(project)


def test_declared_data_without_checks_pass_with_a_word(project):
    spec = (project.root / "mlctl.toml").read_text()
    project.write("mlctl.toml", spec.replace('checks = ["unique(id)", "between(rides, 0, 1000)"]\n', ""))
    outcome = data_check(project.session(), DataCheckRequest())
    assert outcome.data.passed
    assert outcome.warnings == ("rides has no checks in mlctl.toml",)
