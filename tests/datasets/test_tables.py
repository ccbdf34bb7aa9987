"""Which version a run uses, and its table."""

import pytest

from mlctl.datasets.tables import current_version, load_table
from mlctl.domain.errors import Corrupt, Missing, NotFound, UsageError
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_checkout import DataCheckoutRequest
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_checkout import data_checkout

OTHER = "id,day,temp,rides\n1,2026-01-01,1.5,3\n"


def add(project, *paths):
    return data_add(project.session(), DataAddRequest(paths=paths)).data.datasets[0]


def test_data_without_a_version_are_added_first_and_it_is_said(project):
    digest, version, warnings = current_version(project.session(), "rides")
    assert warnings == ["data/rides.csv had no version yet: added as rides@1"]
    assert version.rows == 28
    assert project.session().repository.decisions.names().value("datasets/rides/1") == digest


def test_clean_data_are_their_version_without_a_word(project):
    row = add(project)
    digest, _, warnings = current_version(project.session(), "rides")
    assert (digest, warnings) == (row.digest, [])


def test_changed_data_are_added_first_and_it_is_said(project):
    add(project)
    project.write("data/rides.csv", OTHER)
    _, version, warnings = current_version(project.session(), "rides")
    assert warnings == ["data/rides.csv has changed since rides@1: added as rides@2"]
    assert version.rows == 1


def test_the_pointer_decides_not_the_newest_version(project):
    first = add(project)
    project.write("data/rides.csv", OTHER)
    add(project)
    data_checkout(project.session(), DataCheckoutRequest(dataset="rides@1"))
    assert current_version(project.session(), "rides")[0] == first.digest
    assert load_table(project.session(), "rides")[2].num_rows == 28


def test_a_removed_file_still_has_its_pointer_s_version(project):
    row = add(project)
    (project.root / "data/rides.csv").unlink()
    digest, _, table = load_table(project.session(), "rides")
    assert digest == row.digest
    assert table.num_rows == 28


def test_an_old_version_is_read_as_it_was_recorded(project):
    row = add(project)
    spec = (project.root / "mlctl.toml").read_text()
    project.write("mlctl.toml", spec + '\n[data.rides.read]\nnull = ["3"]\n')
    add(project)
    assert load_table(project.session(), "rides", row.digest)[2].column("rides").null_count == 0
    assert load_table(project.session(), "rides")[2].column("rides").null_count == 1


def test_a_frozen_dataset_is_read_from_the_store(project, freeze):
    digest = freeze("demand-served", {"id": [1, 2]})
    found, version, table = load_table(project.session(), "demand-served")
    assert (found, version.path, table.column("id").to_pylist()) == (digest, None, [1, 2])


def test_bytes_that_left_the_cache_are_taken_from_the_work_tree_or_told(project):
    row = add(project)
    cached = project.root / ".mlctl/cache/files/md5" / row.md5[:2] / row.md5[2:]
    cached.unlink()
    assert load_table(project.session(), "rides", row.digest)[2].num_rows == 28
    cached.unlink()
    project.write("data/rides.csv", OTHER)
    with pytest.raises(Missing, match="rides@1") as caught:
        load_table(project.session(), "rides", row.digest)
    assert caught.value.hints == ("mlctl data checkout rides@1",)


def test_damaged_cached_bytes_are_never_a_table(project):
    row = add(project)
    cached = project.root / ".mlctl/cache/files/md5" / row.md5[:2] / row.md5[2:]
    cached.chmod(0o644)
    cached.write_bytes(cached.read_bytes().replace(b"27", b"72"))
    with pytest.raises(Corrupt):
        load_table(project.session(), "rides", row.digest)


def test_unknown_data_name_the_nearest(project):
    with pytest.raises(NotFound, match="did you mean 'rides'"):
        current_version(project.session(), "ride")


def test_a_folder_is_no_table(project):
    project.write("img/a.txt", "x")
    add(project, "img")
    with pytest.raises(UsageError, match="folder, not a table"):
        load_table(project.session(), "img")


def test_data_that_are_nowhere_are_told(project):
    (project.root / "data/rides.csv").unlink()
    with pytest.raises(NotFound, match="does not exist"):
        current_version(project.session(), "rides")
