"""The grammar of names."""

import pytest

from mlctl.domain import refs
from mlctl.domain.errors import InvalidName


@pytest.mark.parametrize("name", ["demand", "a", "hour.csv", "demand-served", "m_1", "7", "a" * 64])
def test_names_that_every_file_system_tells_apart_are_accepted(name):
    assert refs.check_name("model", name) == name


@pytest.mark.parametrize(
    "name", ["", "Demand", "a b", "a/b", "-a", "a-", ".a", "a..b", "ä", "a" * 65, "a\n", "../a", "a@1", "a~1"]
)
def test_names_that_could_be_confused_or_lead_elsewhere_are_refused(name):
    with pytest.raises(InvalidName):
        refs.check_name("model", name)


def test_the_names_that_the_log_moves_have_one_grammar():
    assert refs.dataset_version("rides", 3) == "datasets/rides/3"
    assert refs.model_version("demand", 7) == "models/demand/7"
    assert refs.model_refit("demand", 7) == "models/demand/7/refit"
    assert refs.stage("demand", "production") == "stages/demand/production"
    assert refs.label_batch("demand", "a" * 64) == f"labels/demand/{'a' * 64}"
