"""`data show`."""

import pytest

from mlctl.domain.errors import NotFound
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_show import DataShowRequest
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_show import data_show


def show(project, dataset=None):
    return data_show(project.session(), DataShowRequest(dataset=dataset)).data


def test_a_table_has_its_schema_and_profile(project):
    data_add(project.session(), DataAddRequest())
    data = show(project)
    by_name = {column.name: column for column in data.profile.columns}
    assert [column.name for column in data.schema] == ["id", "day", "temp", "rides"]
    assert (by_name["rides"].minimum, by_name["rides"].maximum, by_name["rides"].mean) == (3.0, 84.0, 43.5)
    assert data.dataset.version == 1
    assert data.parent is None


def test_a_folder_lists_its_files(project):
    project.write("img/b.txt", "two")
    project.write("img/a.txt", "one")
    data_add(project.session(), DataAddRequest(paths=("img",)))
    data = show(project, "img@1")
    assert [(entry.path, entry.size) for entry in data.files] == [("a.txt", 3), ("b.txt", 3)]
    assert data.profile is None


def test_where_there_are_several_the_question_names_them(project):
    with pytest.raises(NotFound, match="no dataset yet"):
        show(project)
    project.write("img/b.txt", "two")
    data_add(project.session(), DataAddRequest())
    data_add(project.session(), DataAddRequest(paths=("img",)))
    with pytest.raises(NotFound, match="img, rides"):
        show(project)


def test_a_version_that_does_not_exist_is_told(project):
    data_add(project.session(), DataAddRequest())
    with pytest.raises(NotFound, match="rides@1"):
        show(project, "rides@9")
