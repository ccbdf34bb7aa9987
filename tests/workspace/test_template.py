"""Starters for new projects."""

import hashlib

import pytest

from mlctl.domain.errors import NotFound
from mlctl.domain.spec_reader import read_spec
from mlctl.workspace import template

HOUR_CSV = "e03de4ee4ef4dc376ac6e04bf829673c6269e8eba5c60fa121640fa2f829504f"


def test_the_shipped_templates_are_found():
    assert template.names() == ["bare", "bike-demand"]


@pytest.mark.parametrize("name", ["bare", "bike-demand"])
def test_a_template_s_spec_is_valid_and_carries_the_project_s_name(name):
    files = dict(template.files(name, "my-rides"))
    assert read_spec(files["mlctl.toml"].decode(), "mlctl.toml").project.name == "my-rides"


def test_the_bike_table_is_the_original_byte_for_byte():
    files = dict(template.files("bike-demand", "x"))
    assert hashlib.sha256(files["data/hour.csv"]).hexdigest() == HOUR_CSV
    assert not [path for path in files if path.endswith(".gz") or path.startswith("demo")]


def test_the_bike_template_cites_its_source():
    readme = dict(template.files("bike-demand", "x"))["README.md"].decode()
    assert "Fanaee-T" in readme
    assert "Gama" in readme
    assert "2013" in readme


def test_an_unknown_template_names_the_nearest():
    with pytest.raises(NotFound, match="did you mean 'bike-demand'"):
        list(template.files("bike-demnd", "x"))
