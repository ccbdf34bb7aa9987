"""The rows that a run is handed, as arrays."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mlctl.domain.handover import TARGET
from mlctl.tabular.parquet import table_from


def arrays(matrix: Path, features: Sequence[str]) -> tuple[Any, Any]:
    """The matrix, shape (rows, features), and the target, shape (rows,)."""
    table = table_from(matrix)
    columns = [table.column(name).to_numpy() for name in features]
    return np.column_stack(columns), table.column(TARGET).to_numpy()
