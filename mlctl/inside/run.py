"""`with mlctl.run() as run`: what a program that `mlctl train` has started is handed, and hands back.

A program may do without arrays, flavors and the store: what needs them is imported where it is asked for.
"""

import os
import shutil
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from mlctl.domain import handover as names
from mlctl.domain.handover import Handed, Handover
from mlctl.domain.training_run import TrainingRun
from mlctl.inside.points import PointWriter
from mlctl.inside.reads import Listener, write


class HandedRun:
    """One run that `mlctl train` has started: a `TrainingRun`."""

    def __init__(self, folder: Path, params: dict[str, Any] | None = None) -> None:
        about = msgspec.json.decode((folder / names.HANDOVER).read_bytes(), type=Handover)
        self.id, self.model, self.task = about.run, about.model, about.task
        self.folder = folder
        self.params: dict[str, Any] = {**(params or {}), **about.params}
        self.seed = about.seed
        self.data, self.matrix = folder / names.TRAIN, folder / names.MATRIX
        self.target, self.features, self.classes = about.target, about.features, about.classes
        self.weight, self.quantile = about.weight, about.quantile
        self.resumed = about.resumed
        self._points = PointWriter(folder / names.POINTS, flushes=False)
        self._root = Path.cwd()
        self._listener = Listener(self._root, folder)
        self._steps = 0
        self._saved = False

    def load(self) -> tuple[Any, Any]:
        """The matrix, shape (rows, features), and the target: numbers, or indices of classes."""
        if not self.matrix.exists():
            raise RuntimeError(f"no rows were handed over: mlctl.toml declares no model {self.model!r}")
        found: tuple[Any, Any] = import_module("mlctl.inside.rows").arrays(self.matrix, self.features)
        return found

    def log(self, *, step: int | None = None, **values: Any) -> None:
        """Write one point; see `TrainingRun`."""
        self._points.write(self._steps if step is None else int(step), values)
        self._steps += 1

    def save(self, model: Any, *, name: str = "", flavor: str | None = None) -> None:
        """Hand the model back; see `TrainingRun`."""
        if self._saved:
            raise RuntimeError("this run has saved a model already: a run makes one version")
        chosen, files = import_module("mlctl.learning.flavors").saved(model, name=flavor, root=self._root)
        place = self.folder / names.MODEL
        for file, data in files.items():
            (place / file).parent.mkdir(parents=True, exist_ok=True)
            (place / file).write_bytes(data)
        about = Handed(flavor=chosen, name=name or type(model).__name__, parameters=_parameters(model))
        (place / names.ABOUT_MODEL).write_bytes(msgspec.json.encode(about, enc_hook=str))
        self._saved = True

    def artifact(self, path: str | os.PathLike[str], name: str | None = None) -> None:
        """Keep a copy of a file with the run; see `TrainingRun`."""
        target = self.folder / names.ARTIFACTS / (name or Path(path).name)
        if not target.resolve().is_relative_to((self.folder / names.ARTIFACTS).resolve()):
            raise ValueError(f"{name!r} leaves the run's folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)

    def close(self) -> None:
        """End the run; safe to call twice."""
        self._points.close()
        write(self._listener.stop(), self.folder / names.READS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del kind, error, trace
        self.close()


def begin(model: str | None, params: dict[str, Any]) -> TrainingRun:
    """The run that this process belongs to, or a new one of its own with these parameters."""
    folder = os.environ.get(names.RUN_DIR)
    if folder:
        return HandedRun(Path(folder), params)
    alone: TrainingRun = import_module("mlctl.inside.alone").AloneRun(model, params)
    return alone


def _parameters(model: Any) -> dict[str, Any]:
    if not hasattr(model, "get_params"):
        return {}
    plain: dict[str, Any] = import_module("mlctl.learning.estimator").parameters_of(model)
    return plain
