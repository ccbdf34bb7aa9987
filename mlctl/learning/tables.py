"""Rows and what models answered to them, side by side, as the store keeps them."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from mlctl.domain.model import Signature
from mlctl.domain.prediction import INCUMBENT, INCUMBENT_PROBABILITIES, META, OUTPUT, PROBABILITIES
from mlctl.learning.rows import Array
from mlctl.statistics.metrics import Answers


def answered_table(
    table: pa.Table,
    columns: Sequence[str],
    signature: Signature,
    answers: Answers,
    rivals: Mapping[str, Answers],
) -> pa.Table:
    """The named columns, the target, `mlctl.output` (and probabilities), and a column "mlctl.<name>" a rival.

    Rivals are other models' answers to the same rows, NaN or -1 where there is none. The incumbent's
    probabilities are kept beside them, NaN where there are none.
    """
    kept = [name for name in table.column_names if name in {*columns, signature.target}]
    made = table.select(kept).append_column(OUTPUT, outputs(answers.output, signature))
    if answers.probabilities is not None:
        made = made.append_column(PROBABILITIES, _lists(answers.probabilities))
    for name, rival in rivals.items():
        made = made.append_column(f"{META}{name}", outputs(rival.output, signature))
        if f"{META}{name}" == INCUMBENT and rival.probabilities is not None:
            made = made.append_column(INCUMBENT_PROBABILITIES, _lists(rival.probabilities))
    return made


def outputs(values: Array, signature: Signature) -> pa.Array:
    """Numbers of a regression, class labels otherwise; null where there is no answer."""
    if not signature.classes:
        return pa.array(np.asarray(values, dtype=np.float64), from_pandas=True)
    indices = np.asarray(values, dtype=np.int64)
    return pa.array(list(signature.classes), pa.string()).take(pa.array(indices, mask=indices < 0))


def _lists(probabilities: Array) -> pa.Array:
    rows, width = probabilities.shape
    offsets = pa.array(np.arange(rows + 1, dtype=np.int32) * width)
    return pa.ListArray.from_arrays(offsets, pa.array(np.ascontiguousarray(probabilities).ravel()))
