"""`spec explain`: every key, and which of them the file itself sets."""

import msgspec
import pytest

from mlctl.domain.errors import NotFound, SpecInvalid
from mlctl.domain.requests.spec_explain import SpecExplainRequest
from mlctl.domain.spec import Spec
from mlctl.verbs.spec_explain import spec_explain


def explain(project, key=None):
    return spec_explain(project.session(), SpecExplainRequest(key=key)).data


def test_every_key_has_its_value(project):
    found = explain(project)
    assert msgspec.convert(found.spec, Spec) == project.session().spec
    assert found.spec["data"]["rides"]["read"]["encoding"] == "utf-8"


def test_what_the_file_sets_is_told_from_the_defaults(project):
    given = explain(project).given
    assert "data.rides.path" in given
    assert "data.rides.read.encoding" not in given


def test_a_part_has_only_its_own_keys(project):
    found = explain(project, "data.rides")
    assert list(found.spec) == ["data"]
    assert all(key.startswith("data.rides.") for key in found.given)


def test_one_key_may_be_asked_for(project):
    assert explain(project, "data.rides.read.encoding").spec == {
        "data": {"rides": {"read": {"encoding": "utf-8"}}}
    }


def test_an_unknown_key_names_the_nearest(project):
    with pytest.raises(NotFound) as raised:
        explain(project, "data.riedes")
    assert raised.value.hints == ("mlctl spec explain data.rides",)


def test_a_broken_spec_tells_its_problems(project):
    project.write("mlctl.toml", "spec = 1\n[projekt]\n")
    with pytest.raises(SpecInvalid):
        explain(project)
