"""What dvc reaches beside the contract: what it lacks and what it does not know."""

import pytest

from mlctl.builtin.remotes.dvc import DvcRemote
from mlctl.domain.errors import Denied, NotInstalled, UsageError


def test_a_package_that_dvc_needs_is_named():
    with pytest.raises(NotInstalled) as caught:
        DvcRemote().open("hdfs://host/x", {})
    assert caught.value.hints == ("pip install 'dvc-hdfs'",)


def test_a_scheme_that_dvc_does_not_know_is_told():
    with pytest.raises(UsageError):
        DvcRemote().open("gopher://host/x", {})


def test_the_shared_log_is_refused_with_why(tmp_path):
    with pytest.raises(Denied, match="shared log"):
        DvcRemote().open(str(tmp_path), {}).create("mlctl/decisions/00000001", b"x")
