"""What a program that trains is handed and what it hands back: names of files and variables, and their forms.

The contract between `mlctl train` and a program in any language; `docs/how-to/train-with-a-program.md` is its
reader's side. A file's name and a key's meaning never change.
"""

from typing import Any

import msgspec

from mlctl.domain.records import Record

HANDOVER = "handover.json"
"""In the run's folder: a `Handover`."""

TRAIN = "train.parquet"
"""In the run's folder: the rows to learn from, as the dataset holds them."""

MATRIX = "matrix.parquet"
"""In the run's folder: the same rows as numbers, and the target as "target"."""

POINTS = "points.jsonl"
"""In the run's folder: what is measured on the way, one JSON object a line."""

MODEL = "model"
"""In the run's folder: a folder for the files of the model."""

ABOUT_MODEL = "mlctl-model.json"
"""In the model's folder: a `Handed`; it may be left out where the one file is `model.onnx`."""

ARTIFACTS = "artifacts"
"""In the run's folder: a folder for files that are kept with the run."""

READS = "reads.json"
"""In the run's folder, of a Python program: a `Reads`."""

TARGET = "target"
"""Column of the matrix file that holds the target: a number, or the index of the class."""

RUN_DIR, RUN = "MLCTL_RUN_DIR", "MLCTL_RUN"
VARIABLES = {
    "MLCTL_HANDOVER": HANDOVER,
    "MLCTL_TRAIN": TRAIN,
    "MLCTL_MATRIX": MATRIX,
    "MLCTL_POINTS": POINTS,
    "MLCTL_MODEL": MODEL,
    "MLCTL_ARTIFACTS": ARTIFACTS,
}
"""Variables that hold a path each, besides MLCTL_RUN_DIR (the folder), MLCTL_RUN (the run's id), MLCTL_PARAMS
(JSON) and MLCTL_SEED."""

PARAMS, SEED = "MLCTL_PARAMS", "MLCTL_SEED"


class Handover(Record, frozen=True, kw_only=True):
    """`handover.json`.

    Attributes:
        format: of this file; 1.
        run, model, task: as in the spec and the record.
        target: name of the target's column in `train.parquet`.
        weight: name of the column of `train.parquet` that says how much each row counts; null where all are
            equal.
        quantile: that is to be answered; null elsewhere.
        classes: the labels, in the order of their indices; [] for a regression.
        features: names of the matrix's columns, in the order that the model is asked in.
        columns: names of the columns of `train.parquet` that are features.
        rows: to learn from.
        params, seed: of the spec, or of the command line.
        resumed: whether the folder may hold what an earlier, interrupted start has left there.
    """

    format: int = 1
    run: str
    model: str
    task: str
    target: str
    classes: tuple[str, ...]
    features: tuple[str, ...]
    columns: tuple[str, ...]
    rows: int
    params: dict[str, Any]
    seed: int
    resumed: bool = False
    weight: str | None = None
    quantile: float | None = None


class Reads(Record, frozen=True, kw_only=True):
    """What a program was seen to read outside of its project.

    Attributes:
        files: size and time of change (ns) when they were opened first, by absolute path.
        network: addresses that it connected to.
    """

    files: dict[str, tuple[int, int]] = msgspec.field(default_factory=dict)
    network: tuple[str, ...] = ()


class Handed(Record, frozen=True, kw_only=True):
    """`mlctl-model.json`: how the files beside it are read.

    Attributes:
        flavor: "sklearn", "onnx", or whatever else is installed.
        name: what people call it ("Ridge"); the flavor if empty.
        parameters: for the record.
    """

    flavor: str
    name: str = ""
    parameters: dict[str, Any] = msgspec.field(default_factory=dict)
