"""Asking for rows in blocks of one size, so that a row's answer does not depend on its company.

A matrix product rounds differently for other numbers of rows (libraries pick other kernels): a row would get
another last bit alone than in a file. Blocks of one size, the last one filled up, make its answer its own.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

BLOCK = 64


def in_blocks(method: Callable[[Any], Any], matrix: Any, block: int = BLOCK) -> Any:
    """What the method answers, one row a row; it is only ever asked for `block` rows."""
    rows = len(matrix)
    short = -rows % block or (0 if rows else block)
    if short:
        matrix = np.vstack([matrix, np.zeros((short, matrix.shape[1]), dtype=matrix.dtype)])
    parts = [np.asarray(method(matrix[start : start + block])) for start in range(0, len(matrix), block)]
    return np.concatenate(parts)[:rows]
