"""The rows that two models and all their hybrids are scored on: none of them has learnt from any.

They are test rows of the new one. Where both split by time, those later than all that the old one has learnt;
else those that neither has learnt, told by the key, or by all cells where the data has none.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from mlctl.domain.errors import UsageError
from mlctl.learning.rows import Array, identities
from mlctl.training.learnt import Learnt, stamp


@dataclass(frozen=True, kw_only=True)
class ScoredRows:
    """The rows.

    Attributes:
        names: columns that tell rows apart.
        since: their first event time where they are told by it; a training row from then on is left out.
        left_out: test rows of the new one that the old one has learnt from.
    """

    table: pa.Table
    names: tuple[str, ...]
    since: str | None
    left_out: int


def scored_rows(old: Learnt, new: Learnt, label: str) -> ScoredRows:
    """Choose them.

    Args:
        old: rows of the old run.
        new: those of the new one.
        label: of the new one, for messages.

    Raises:
        UsageError: the old one has learnt from all test rows of the new one.
    """
    names = new.source.key if new.source.key == old.source.key else ()
    names = names or tuple(name for name in new.test.column_names if name in old.rows.column_names)
    moments = new.test_moments
    by_time = old.spec.split.by == new.spec.split.by == "time" and old.train_moments is not None
    if by_time and moments is not None:
        chosen = np.asarray(moments > old.train_moments.max())  # type: ignore[union-attr] # checked above
    else:
        chosen = ~_among(new.test, old.train, names) & ~_among(new.test, new.train, names)
    table = new.test.filter(pa.array(chosen))
    if not table.num_rows:
        raise UsageError(
            f"there are no rows to compare on: of the {new.test.num_rows} test rows of {label} there is none "
            "that neither has learnt from",
            "mlctl diff --help",
            rows=new.test.num_rows,
        )
    since = stamp(moments[chosen].min()) if by_time and moments is not None else None
    return ScoredRows(table=table, names=names, since=since, left_out=new.test.num_rows - table.num_rows)


def apart(learnt: Learnt, scored: ScoredRows) -> Array:
    """The training rows that are none of the scored ones, as a mask."""
    if scored.since is not None and learnt.train_moments is not None:
        return np.asarray(learnt.train_moments < np.datetime64(scored.since.removesuffix("Z"), "ms"))
    return ~_among(learnt.train, scored.table, scored.names)


def _among(table: pa.Table, others: pa.Table, names: tuple[str, ...]) -> Array:
    """Which rows of a table are among those of another; none where they cannot be told apart."""
    if not set(names) <= set(table.column_names) & set(others.column_names):
        return np.zeros(table.num_rows, dtype=bool)
    known = set(identities(others, names))
    return np.array([one in known for one in identities(table, names)], dtype=bool)
