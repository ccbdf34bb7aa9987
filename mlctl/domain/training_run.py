"""What `mlctl.run()` gives a program of the user's: the names that it may rely on."""

import os
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self


class TrainingRun(Protocol):
    """One run, seen from inside; used with `with`, or ended with `close`.

    Attributes:
        id: of the run.
        model: its name in the spec.
        task: "regression", "binary" or "multiclass".
        folder: the run's own; checkpoints in it are there again after `mlctl train --resume`.
        params: of the spec, of the command line, or as `mlctl.run` was given them.
        seed: of everything random.
        data: the rows to learn from, a Parquet file, as the dataset holds them.
        matrix: the same rows as numbers, a Parquet file; the target is its last column, "target".
        target: name of the target in `data`.
        weight: name of the column of `data` that says how much each row counts; None where all are equal.
        quantile: that is to be answered; None elsewhere.
        features: names of the matrix's other columns, in the order that the model is asked in.
        classes: labels by index; () for a regression.
        resumed: whether an earlier start may have left checkpoints in `folder`.
    """

    id: str
    model: str
    task: str
    folder: Path
    params: dict[str, Any]
    seed: int
    data: Path
    matrix: Path
    target: str
    weight: str | None
    quantile: float | None
    features: tuple[str, ...]
    classes: tuple[str, ...]
    resumed: bool

    def load(self) -> tuple[Any, Any]:
        """The matrix, shape (rows, features), and the target: numbers, or indices of classes."""

    def log(self, *, step: int | None = None, **values: Any) -> None:
        """Write one point: any number of named numbers, NaN and infinities among them.

        Args:
            step: of all of them; counted from 0 where it is left out.
            values: numbers, or what `float` takes for one.
        """

    def save(self, model: Any, *, name: str = "", flavor: str | None = None) -> None:
        """Hand the model back: written by the flavor that accepts it. It answers rows of `features`.

        Args:
            model: fitted, as numbers of `load` are.
            name: for people; the model's type where it is left out.
            flavor: by name, where several accept it.

        Raises:
            RuntimeError: a model was saved already.
            Untrusted: no installed flavor can store it.
        """

    def artifact(self, path: str | os.PathLike[str], name: str | None = None) -> None:
        """Keep a copy of a file with the run.

        Args:
            path: of the file.
            name: under which it is kept; its own where it is left out.
        """

    def close(self) -> None:
        """End the run, well. Safe to call twice."""

    def __enter__(self) -> Self:
        """The run itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the run, as the block has ended."""
