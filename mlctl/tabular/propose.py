"""Proposes a whole spec for a table and a target: what to learn from, how to test, when to renew.

Everything is read off the table and said in comments, so that a person can judge and change it.
"""

import pyarrow as pa
from msgspec import Struct

from mlctl.domain.spec import ReadSpec
from mlctl.domain.spec_reader import read_spec
from mlctl.tabular.findings import Findings, findings
from mlctl.tabular.proposal_text import written


class Proposal(Struct, frozen=True, kw_only=True):
    """A spec and what a person should know of it.

    Attributes:
        text: of `mlctl.toml`; `read_spec` accepts it.
        notes: sentences: what was left out and why.
    """

    text: str
    task: str
    notes: tuple[str, ...]


def propose(
    table: pa.Table,
    *,
    target: str,
    project: str,
    model: str,
    data_name: str,
    data_path: str,
    read: ReadSpec,
    test: tuple[str, str, pa.Table] | None = None,
) -> Proposal:
    """The spec for predicting one column of a table from the others.

    Args:
        table: as `read_table` gave it with `read`.
        target: the column to predict.
        project: name of the project.
        model: name of the model.
        data_name: name of the dataset.
        data_path: of the table, relative to the project.
        read: how the table was read.
        test: name, path and table of a file that holds the test rows, where there is one.

    Raises:
        ColumnMissing: the table or the test file lacks a column.
        UsageError: the target cannot be learnt: one value, missing values, or text without repetition;
            or the test file has classes that the table lacks.
    """
    found = findings(table, target, data_path, read, test)
    text = written(found, project=project, model=model, data_name=data_name, data_path=data_path)
    read_spec(text, "mlctl.toml")
    return Proposal(text=text, task=found.target.task, notes=_notes(found))


def _notes(found: Findings) -> tuple[str, ...]:
    notes = [f"{name} is left out: it {why}" for name, why in found.excluded.items()]
    if found.target.doubt:
        notes.append(f"{found.target.name}: {found.target.doubt}")
    if not found.key:
        notes.append("no column names a row: labels that come later are matched by the prediction's id")
    return tuple(notes)
