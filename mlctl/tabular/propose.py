"""Proposes a whole spec for a table and a target: what to learn from, how to test, when to renew.

Everything is read off the table and said in comments, so that a person can judge and change it.
"""

import pyarrow as pa
from msgspec import Struct, structs

from mlctl.domain.errors import UsageError
from mlctl.domain.spec import ReadSpec
from mlctl.domain.spec_reader import read_spec
from mlctl.tabular.findings import Findings, findings
from mlctl.tabular.proposal_text import written
from mlctl.tabular.schema import require_columns, type_name
from mlctl.tabular.target import Asked


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
    weight: str | None = None,
    task: str | None = None,
    quantile: float | None = None,
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
        weight: the column that says how much a row counts.
        task: of the model; as the target suggests if None.
        quantile: which one, for the task "quantile"; 0.9 if None.

    Raises:
        ColumnMissing: the table or the test file lacks a column.
        UsageError: the target cannot be learnt: one value, missing values, or text without repetition;
            or the test file has classes that the table lacks; or the weight is no number;
            or the target does not fit the task.
    """
    rows, held = table, test
    if weight is not None:
        _check_weight(table, weight, target, data_path)
        rows = table.drop_columns([weight])
        if test is not None:
            require_columns(test[2], [weight], test[1])
            held = (*test[:2], test[2].drop_columns([weight]))
    asked = Asked(task=task, quantile=quantile, weights=None if weight is None else table.column(weight))
    found = findings(rows, target, data_path, read, held, asked)
    found = structs.replace(found, columns=table.num_columns, weight=weight)
    text = written(found, project=project, model=model, data_name=data_name, data_path=data_path)
    read_spec(text, "mlctl.toml")
    return Proposal(text=text, task=found.target.task, notes=_notes(found))


def _check_weight(table: pa.Table, weight: str, target: str, path: str) -> None:
    require_columns(table, [weight], path)
    type_ = type_name(table.column(weight).type)
    if weight == target or type_ not in {"integer", "number"}:
        why = "is the target" if weight == target else f"holds {type_}, not numbers"
        raise UsageError(f"{path}: {weight} {why}; it cannot weigh rows", "mlctl init --help", column=weight)


def _notes(found: Findings) -> tuple[str, ...]:
    notes = [f"{name} is left out: it {why}" for name, why in found.excluded.items()]
    if found.target.doubt:
        notes.append(f"{found.target.name}: {found.target.doubt}")
    if not found.key:
        notes.append("no column names a row: labels that come later are matched by the prediction's id")
    return tuple(notes)
