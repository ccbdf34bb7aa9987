"""`mlctl labels add`: late truth, joined to predictions by id or key.

A batch is a fact that counts once a decision has added it, so `undo` takes it back. Of several labels for one
key the one added last counts; within a file the last row. Labels whose prediction is not logged are kept.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlctl.domain import refs
from mlctl.domain.decision import Change, Draft
from mlctl.domain.errors import ColumnMissing, UnreadableTable
from mlctl.domain.ids import Digest
from mlctl.domain.metric import NUMBERS
from mlctl.domain.model import ModelVersion
from mlctl.domain.names import Names
from mlctl.domain.outcome import Outcome
from mlctl.domain.prediction import ID, LabelBatch
from mlctl.domain.records import digest_of
from mlctl.domain.requests.labels_add import LabelsAddRequest, LabelsAddResult
from mlctl.domain.spec import ModelSpec, ReadSpec
from mlctl.project.notify import notify
from mlctl.project.session import Session
from mlctl.tabular.join import key_text, latest, positions_of
from mlctl.tabular.read import read_bytes
from mlctl.tabular.schema import column_missing

ID_COLUMNS = ("prediction_id", ID)


def labels_add(session: Session, request: LabelsAddRequest) -> Outcome[LabelsAddResult]:
    """Add a file of labels; the same file again is unchanged while its batch counts.

    Raises:
        ColumnMissing: the file has no target, or nothing to match by.
        UnreadableTable: it is no table, or holds no label.
    """
    model = session.model_name(request.model)
    spec = session.model_spec(model)
    path = Path(request.path)
    data = _bytes(path)
    source = digest_of(data)
    table, by = _keyed(_read(session, spec, data, request.path), spec, session, request.path)
    if _is_number(session, model, spec):
        table = _finite(table, spec.target, request.path)
    kept, missing, duplicates = _cleaned(table, by, spec.target, request.path)
    names = session.repository.decisions.names()
    standing = _standing(session, model, source, names)
    earlier = [part for batch, part in session.repository.labels.table(model, names) if batch.by == by]
    facts = {
        "model": model,
        "target": spec.target,
        "by": by,
        "rows": kept.num_rows,
        "matched": _matched(session, model, kept, by),
        "corrected": 0 if standing else _corrected(kept, earlier, by, spec.target),
        "duplicates": duplicates,
        "missing": missing,
    }
    warnings = _warnings(duplicates, missing, request.path)
    if standing is not None or request.dry_run:
        result = LabelsAddResult(**facts, batch=standing, decision=None, changed=standing is None)
        return Outcome(data=result, warnings=warnings)
    batch = session.repository.labels.put(model, kept, by, spec.target, source, session.now())

    def prepare(today: Names) -> Draft | None:
        if (
            _standing(session, model, source, today) is not None
        ):  # another process added the same file meanwhile
            return None
        change = Change(name=refs.label_batch(model, batch), old=None, new=batch)
        evidence = {"source": source, "rows": kept.num_rows, "file": path.name}
        return Draft(kind="labels add", changes=(change,), evidence=evidence, needs=(batch,))

    committed = session.repository.decisions.commit(
        prepare, actor=session.actor, command=session.command, now=session.now
    )
    number = None if committed is None else committed.entry.number
    result = LabelsAddResult(**facts, batch=batch, decision=number, changed=committed is not None)
    return Outcome(
        data=result, warnings=(*warnings, *notify(session, committed)), next=(f"mlctl monitor {model}",)
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UnreadableTable(f"{path} does not exist", "mlctl labels add --help", path=str(path)) from None
    except IsADirectoryError:
        raise UnreadableTable(
            f"{path} is a folder, not a table", "mlctl labels add --help", path=str(path)
        ) from None


def _read(session: Session, spec: ModelSpec, data: bytes, name: str) -> pa.Table:
    """The file, read as the spec reads the data; one whose own first line names the target has a header."""
    declared = session.spec.data.get(spec.data)
    if declared is None:
        return read_bytes(data, name)
    read = declared.read
    plain = _with_own_header(read, spec.target, data, name)
    if plain is None:
        plain = read_bytes(data, name, _of_columns(read, None))
    else:
        read = msgspec.structs.replace(read, header=True, names=[])
    fitting = _of_columns(read, plain.column_names)
    return read_bytes(data, name, fitting) if fitting.types or fitting.replace else plain


def _with_own_header(read: ReadSpec, target: str, data: bytes, name: str) -> pa.Table | None:
    """The file by its own header, where the data has none and the file has one all the same."""
    if read.header is not False and not read.names:
        return None
    own = msgspec.structs.replace(_of_columns(read, None), header=True, names=[])
    try:
        table = read_bytes(data, name, own)
    except UnreadableTable:  # a first line of values repeats one of them
        return None
    return table if target in table.column_names else None


def _of_columns(read: ReadSpec, columns: Sequence[str] | None) -> ReadSpec:
    """How the data is read; of what is said of single columns, only what is about these."""
    return msgspec.structs.replace(
        read,
        types={name: kind for name, kind in read.types.items() if columns and name in columns},
        replace={name: texts for name, texts in read.replace.items() if columns and name in columns},
    )


def _keyed(table: pa.Table, spec: ModelSpec, session: Session, name: str) -> tuple[pa.Table, tuple[str, ...]]:
    """The match columns and target, and the names of the former; a prediction id goes before a key."""
    _require(table, [spec.target], name)
    for column in ID_COLUMNS:
        if column in table.column_names:
            return pa.table({ID: table.column(column), spec.target: table.column(spec.target)}), (ID,)
    declared = session.spec.data.get(spec.data)
    key = tuple(spec.monitor.labels.key or (declared.key if declared else ()))
    if not key:
        raise ColumnMissing(
            f"{name} has no column prediction_id, and mlctl.toml names no key to match labels by "
            "(labels = { key = [...] } in [model.….monitor])",
            "mlctl spec explain",
            columns=table.column_names,
        )
    _require(table, key, name)
    return table.select([*key, spec.target]), key


def _require(table: pa.Table, names: Sequence[str], source: str) -> None:
    for name in names:
        if name not in table.column_names:
            raise column_missing(name, table.column_names, source, hint="mlctl labels add --help")


def _is_number(session: Session, model: str, spec: ModelSpec) -> bool:
    """Whether the truth is a number: as the spec says, or as the newest version has learnt."""
    if spec.task is not None:
        return spec.task in NUMBERS
    versions = session.repository.facts.where(ModelVersion, model=model)
    return bool(versions) and versions[-1][1].signature.task == "regression"


def _finite(table: pa.Table, target: str, name: str) -> pa.Table:
    """The table with a target of finite numbers, NaN as missing.

    Raises:
        UnreadableTable: a value is infinite or no number; one such label would spoil every mean it enters.
    """
    column = table.column(target)
    for row, value in enumerate(column.to_pylist(), 1) if not _numeric(column.type) else ():
        if value is not None and not _reads_as_number(value):
            raise _no_number(name, row, target, value)
    numbers = column.cast(pa.float64())
    numbers = pc.if_else(pc.is_nan(numbers), pa.scalar(None, pa.float64()), numbers)
    infinite = pc.fill_null(pc.is_inf(numbers), fill_value=False)
    if pc.any(infinite).as_py():
        row = pc.index(infinite, value=True).as_py()
        raise _no_number(name, row + 1, target, numbers[row].as_py())
    kept = column if pa.types.is_integer(column.type) else numbers
    return table.set_column(table.column_names.index(target), target, kept)


def _numeric(type_: pa.DataType) -> bool:
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_))


def _reads_as_number(value: object) -> bool:
    try:
        float(str(value))
    except ValueError:
        return False
    return True


def _no_number(name: str, row: int, target: str, value: object) -> UnreadableTable:
    return UnreadableTable(
        f"{name}, row {row}: {target} = {value} is no number",
        "mlctl labels add --help",
        path=name,
        row=row,
        column=target,
    )


def _cleaned(table: pa.Table, by: tuple[str, ...], target: str, name: str) -> tuple[pa.Table, int, int]:
    """The rows that say something, the last of each key; how many said nothing; how many were replaced."""
    whole = pc.is_valid(table.column(target))
    for column in by:
        whole = pc.and_(whole, pc.is_valid(table.column(column)))
    present = table.filter(whole)
    if present.num_rows == 0:
        raise UnreadableTable(
            f"{name}: no row has both {', '.join(by)} and {target}", "mlctl labels add --help", path=name
        )
    kept = latest(present, by)
    return kept, table.num_rows - present.num_rows, present.num_rows - kept.num_rows


def _standing(session: Session, model: str, source: Digest, names: Names) -> Digest | None:
    """The batch of the same file, if one counts."""
    for digest in names.under(f"labels/{model}/").values():
        if session.repository.facts.get(LabelBatch, digest).source == source:
            return Digest(digest)
    return None


def _matched(session: Session, model: str, labels: pa.Table, by: tuple[str, ...]) -> int:
    logged = session.repository.predictions.table(model)
    if logged.num_rows == 0 or not set(by) <= set(logged.column_names):
        return 0
    return int(np.count_nonzero(positions_of(labels, logged.select(list(by)), by) >= 0))


def _corrected(labels: pa.Table, earlier: list[pa.Table], by: tuple[str, ...], target: str) -> int:
    if not earlier:
        return 0
    texts = [
        pa.table({**{name: part.column(name) for name in by}, target: key_text(part.column(target))})
        for part in earlier
    ]
    before = pa.concat_tables(texts, promote_options="permissive")
    at = positions_of(labels, before, by)
    old = before.column(target).take(pa.array(at, mask=at < 0))
    return int(
        pc.sum(pc.fill_null(pc.not_equal(old, key_text(labels.column(target))), fill_value=False)).as_py()
        or 0
    )


def _warnings(duplicates: int, missing: int, name: str) -> tuple[str, ...]:
    found = []
    if duplicates:
        found.append(f"{name}: {duplicates} rows have a key that a later row has too; the last one counts")
    if missing:
        found.append(f"{name}: {missing} rows lack their key or their target and were left out")
    return tuple(found)
