"""`data ls`."""

from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_ls import DataLsRequest
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_ls import data_ls


def test_a_project_without_versions_has_no_datasets_and_says_what_to_do(project):
    outcome = data_ls(project.session(), DataLsRequest())
    assert outcome.data.datasets == ()
    assert outcome.next == ("mlctl data add",)


def test_the_newest_version_of_each_is_listed_by_name(project, freeze):
    data_add(project.session(), DataAddRequest())
    project.write("data/rides.csv", "id,day,temp,rides\n1,2026-01-01,1.5,3\n")
    data_add(project.session(), DataAddRequest())
    freeze("demand-served", {"id": [1]})
    rows = data_ls(project.session(), DataLsRequest()).data.datasets
    assert [(row.name, row.version, row.path, row.rows) for row in rows] == [
        ("demand-served", 1, None, 1),
        ("rides", 2, "data/rides.csv", 1),
    ]
