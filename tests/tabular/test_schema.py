from decimal import Decimal

import pyarrow as pa
import pytest

from mlctl.domain.dataset import Column
from mlctl.domain.errors import ColumnMissing, UnreadableTable
from mlctl.tabular.schema import columns_of, normalise, require_columns, type_name


def test_a_schema_says_which_columns_have_missing_values() -> None:
    table = pa.table({"a": [1, None], "b": ["x", "y"]})
    assert columns_of(table) == (
        Column(name="a", type="integer", nullable=True),
        Column(name="b", type="string"),
    )


def test_nan_is_a_missing_value() -> None:
    assert normalise(pa.table({"a": [1.0, float("nan")]}), "t").column("a").null_count == 1


def test_decimals_are_numbers_and_large_text_is_text() -> None:
    table = normalise(pa.table({"d": [Decimal("1.50")], "s": pa.array(["x"], pa.large_string())}), "t")
    assert [type_name(table.column(name).type) for name in ("d", "s")] == ["number", "string"]
    assert table.column("d").to_pylist() == [1.5]


def test_a_number_beyond_64_bits_is_refused() -> None:
    with pytest.raises(UnreadableTable, match="does not fit"):
        normalise(pa.table({"a": pa.array([2**63 + 1], pa.uint64())}), "t")


def test_a_missing_column_names_the_nearest() -> None:
    with pytest.raises(ColumnMissing) as caught:
        require_columns(pa.table({"target": [1]}), ["tagret"], "rides")
    assert caught.value.exit_code == 91
    assert caught.value.facts["nearest"] == "target"
