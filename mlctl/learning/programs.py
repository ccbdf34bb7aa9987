"""A fit by a program of the user's, in any language: rows handed over, it is run, its model is taken back.

The program sees the rows to learn from and never those held out. It gets them twice: as the dataset holds
them, and as the matrix of numbers that the model will be asked with, from the same encoder that serves.
"""

import contextlib
import json
import os
import shlex
import shutil
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from mlctl.contracts import registry
from mlctl.contracts.flavor import Predictor
from mlctl.domain import handover as names
from mlctl.domain.duration import duration
from mlctl.domain.errors import MlctlError, TrainingFailed
from mlctl.domain.handover import Handed, Handover
from mlctl.domain.model import FeatureEncoding, Signature
from mlctl.domain.records import encode
from mlctl.domain.spec import ModelSpec
from mlctl.learning.flavors import Kept, opened
from mlctl.learning.rows import Array
from mlctl.learning.workshop import Workshop
from mlctl.tabular.encode import Encoder
from mlctl.tabular.parquet import table_bytes
from mlctl.workspace.environment import program_variables, variables_at_start
from mlctl.workspace.programs import Ended, run_program

_TAIL = 20  # lines of output that a failure is told with
_KEPT = 16 << 10  # bytes that they may have
_TOGETHER = 1 << 30  # bytes of a model
_BLOCK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Made:
    """What a program handed back: its model's files, and the model to be asked."""

    kept: Kept
    predictor: Predictor
    name: str
    parameters: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What a program learns from: a table, the same as a matrix, the target as numbers, and weights."""

    table: pa.Table
    encoder: Encoder
    matrix: Array
    truth: Array
    signature: Signature
    weights: Array | None = None


def fit_by_program(spec: ModelSpec, root: Path, rows: Rows, shop: Workshop, seed: int) -> Made:
    """Run the program on the rows; the model that it has left in its folder.

    Raises:
        TrainingFailed: it cannot be started, did not end with 0, took too long, or left no model.
        Untrusted, NotInstalled, Corrupt: as the flavor that its model names.
    """
    number = next(shop.numbers)
    folder = shop.folder / f"fit-{number}"
    hand_over(spec, rows, folder, shop, seed)
    tail = _Tail(shop, folder / names.POINTS if number == 1 else None)
    given = _variables(spec, folder, shop, seed)
    command = spec.command or []
    try:
        ended = run_program(
            command,
            folder=root,
            variables=given,
            mark=(names.RUN_DIR, str(folder)),
            hear=tail.hear,
            tick=tail.tick,
            limit=None if spec.timeout is None else duration(spec.timeout).total_seconds(),
        )
    except OSError as error:
        raise TrainingFailed(
            f"{shlex.join(command)} cannot be started: {error.strerror or error}",
            "mlctl spec explain",
            command=list(command),
        ) from error
    shop.ended.append(ended)
    if ended.code != 0 or ended.late:
        raise _failure(spec, ended, tail.lines(), shop)
    return _taken(folder, rows, shlex.join(command), tail.lines())


def hand_over(spec: ModelSpec, rows: Rows, folder: Path, shop: Workshop, seed: int) -> None:
    """Write what a program is handed into its folder."""
    shutil.rmtree(folder / names.MODEL, ignore_errors=True)  # of an earlier start
    for place in (names.MODEL, names.ARTIFACTS):
        (folder / place).mkdir(parents=True, exist_ok=True)
    features = matrix_names(rows.encoder.encodings)
    columns = [pa.array(rows.matrix[:, place]) for place in range(len(features))]
    matrix = pa.table([*columns, pa.array(rows.truth)], names=[*features, names.TARGET])
    (folder / names.TRAIN).write_bytes(table_bytes(rows.table))
    (folder / names.MATRIX).write_bytes(table_bytes(matrix))
    (folder / names.POINTS).touch()
    about = Handover(
        run=shop.run,
        model=shop.model,
        task=rows.signature.task,
        target=spec.target,
        weight=spec.weight,
        quantile=spec.quantile,
        classes=rows.signature.classes,
        features=features,
        columns=rows.encoder.columns,
        rows=rows.table.num_rows,
        params=spec.params,
        seed=seed,
        resumed=shop.resumed and folder.name == "fit-1",
    )
    (folder / names.HANDOVER).write_bytes(encode(about))


def matrix_names(encodings: Sequence[FeatureEncoding]) -> tuple[str, ...]:
    """A name for each column of the matrix, in order: "temp", "season=winter", "day:hour", "text#3"."""
    found: list[str] = []
    for encoding in encodings:
        parts = [encoding.column]
        if encoding.treatment == "onehot":
            parts = [f"{encoding.column}={category}" for category in encoding.categories]
        elif encoding.treatment == "calendar":
            parts = [f"{encoding.column}:{part}" for part in encoding.parts]
        elif encoding.width > 1:
            parts = [f"{encoding.column}#{place}" for place in range(encoding.width)]
        for part in parts:
            name = part
            while name in found or name == names.TARGET:
                name += "_"
            found.append(name)
    return tuple(found)


def _variables(spec: ModelSpec, folder: Path, shop: Workshop, seed: int) -> Mapping[str, str]:
    given = program_variables(variables_at_start())
    own = Path(sys.executable).parent
    given |= {name: str(folder / file) for name, file in names.VARIABLES.items()}
    return given | {
        "PATH": f"{own}{os.pathsep}{given.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": given.get("PYTHONUNBUFFERED", "1"),
        names.RUN_DIR: str(folder),
        names.RUN: shop.run,
        names.PARAMS: json.dumps(spec.params, sort_keys=True),
        names.SEED: str(seed),
    }


def _failure(spec: ModelSpec, ended: Ended, lines: list[str], shop: Workshop) -> TrainingFailed:
    if ended.late:
        how = f"was ended: it took longer than timeout = {spec.timeout!r}"
    elif ended.signal is not None:
        how = f"was ended by {ended.signal}"
    else:
        how = f"ended with exit code {ended.code}"
    said = "".join(f"\n  {line}" for line in lines)
    return TrainingFailed(
        f"{shlex.join(spec.command or [])} {how}" + (f"; the last that it printed:{said}" if said else ""),
        f"mlctl show run:{shop.run}" if shop.run else "mlctl runs",
        exit=ended.code,
        signal=ended.signal,
        late=ended.late,
    )


def _taken(folder: Path, rows: Rows, program: str, lines: list[str]) -> Made:
    """The model in a program's folder, asked once so that one that cannot answer is found out here."""
    place = folder / names.MODEL
    found = sorted(path for path in place.rglob("*") if path.is_file() or path.is_symlink())
    files = {path.relative_to(place).as_posix(): path for path in found}
    handed = _handed(files, program, lines)
    for name, path in files.items():
        if path.is_symlink():
            raise TrainingFailed(f"{program} left a link in its model's folder: {name}", "mlctl runs")
    size = sum(path.stat().st_size for path in files.values())
    if size > _TOGETHER:
        raise TrainingFailed(f"the model that {program} left is {size} bytes; at most 1 GiB", "mlctl runs")
    files.pop(names.ABOUT_MODEL, None)
    kept = Kept(flavor=handed.flavor, files={name: path.read_bytes() for name, path in files.items()})
    predictor = opened(handed.flavor, place, rows.signature, trusted=True)
    _ask(predictor, rows, program)
    return Made(
        kept=kept, predictor=predictor, name=handed.name or handed.flavor, parameters=handed.parameters
    )


def _handed(files: Mapping[str, Path], program: str, lines: list[str]) -> Handed:
    about = files.get(names.ABOUT_MODEL)
    if about is not None:
        try:
            return msgspec.json.decode(about.read_bytes(), type=Handed)
        except msgspec.DecodeError as error:
            raise TrainingFailed(f"{names.ABOUT_MODEL} of {program}: {error}", "mlctl runs") from error
    if list(files) == ["model.onnx"]:
        return Handed(flavor="onnx")
    if files:
        raise TrainingFailed(
            f"{program} left {', '.join(files)} in $MLCTL_MODEL and no {names.ABOUT_MODEL} that says what "
            'reads them: {"flavor": "..."}',
            "mlctl runs",
        )
    said = "".join(f"\n  {line}" for line in lines)
    raise TrainingFailed(
        f"{program} ended well and saved no model: call run.save(model), or put its files into $MLCTL_MODEL"
        + (f"; the last that it printed:{said}" if said else ""),
        "mlctl runs",
    )


def _ask(predictor: Predictor, rows: Rows, program: str) -> None:
    """Ask the model for a few of its own rows: answers of the wrong form are the program's mistake."""
    few = rows.matrix[:8]
    classes = len(rows.signature.classes)
    try:
        answered = np.asarray(predictor.predict(few))
    except MlctlError:
        raise
    except Exception as error:
        raise TrainingFailed(
            f"the model that {program} saved cannot answer rows of {few.shape[1]} numbers: "
            f"{type(error).__name__}: {error}",
            "mlctl runs",
        ) from error
    good = answered.shape == (len(few),)
    if good and classes:
        whole = answered.astype(np.float64)
        good = bool(((whole >= 0) & (whole < classes) & (whole == np.floor(whole))).all())
    if not good:
        wanted = f"the index of a class, 0 to {classes - 1}" if classes else "one number"
        raise TrainingFailed(
            f"the model that {program} saved does not answer {wanted} for a row", "mlctl runs"
        )


def _load(flavor: str) -> None:
    """Load a flavor's library beforehand, while there is nothing to do but wait for the program."""
    with contextlib.suppress(MlctlError):  # whoever needs it is told
        registry.load("flavors", flavor)


class _Tail:
    """The end of what a program prints, and its points as they come."""

    def __init__(self, shop: Workshop, points: Path | None) -> None:
        self._shop = shop
        self._last = b""
        self._points = points
        self._flavor = shop.flavor if points is not None else None
        self._read = points.stat().st_size if points is not None else 0

    def hear(self, data: bytes) -> None:
        self._last = (self._last + data)[-_KEPT:]
        self._shop.hear(data)

    def tick(self) -> None:
        """Hand on whole new lines of points, and put them on the disk."""
        if self._flavor is not None:
            threading.Thread(target=_load, args=(self._flavor,), daemon=True).start()
            self._flavor = None
        if self._points is None:
            return
        try:
            if self._points.stat().st_size <= self._read:
                return
            with self._points.open("rb") as file:
                file.seek(self._read)
                data = file.read(_BLOCK)
                os.fsync(file.fileno())
        except OSError:  # the program has taken it away, or the disk is full
            return
        whole = data[: data.rfind(b"\n") + 1] or (data if len(data) == _BLOCK else b"")
        self._read += len(whole)
        if whole:
            self._shop.measured(whole)

    def lines(self) -> list[str]:
        text = self._last.decode("utf-8", "replace")
        plain = ["".join(one if one.isprintable() else "?" for one in line) for line in text.splitlines()]
        return [line[:500] for line in plain if line.strip()][-_TAIL:]
