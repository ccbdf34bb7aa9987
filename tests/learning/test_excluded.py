"""A misspelt `exclude` is told: it would let a leak in."""

import pytest

from mlctl.domain.errors import ColumnMissing
from mlctl.domain.spec import ModelSpec
from mlctl.learning.features import check_excluded


def test_a_column_that_is_not_there_is_an_error_with_the_nearest():
    spec = ModelSpec(data="churn", target="y", exclude=["cancel_dat"])
    with pytest.raises(ColumnMissing, match="did you mean 'cancel_date'") as told:
        check_excluded(["y", "cancel_date"], spec, "churn@1")
    assert told.value.hints == ("mlctl data show churn@1",)
    check_excluded(["y", "cancel_dat"], spec, "churn@1")
