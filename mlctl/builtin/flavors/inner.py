"""Models of libraries inside an object of the user's own class, each stored by its library's flavor.

What comes back answers `predict` and `predict_proba` as the model did; it is not the model itself, whose
other methods and attributes are not there.
"""

from pathlib import Path
from typing import Any

import numpy as np

from mlctl.contracts import registry
from mlctl.contracts.flavor import Flavor, Predictor
from mlctl.domain.errors import Corrupt, Untrusted

_TWO = 2


class Inner:
    """A stored model, asked as its library's estimators are."""

    def __init__(self, predictor: Predictor, classes: int) -> None:
        self._predictor = predictor
        if classes:
            self.classes_ = np.arange(classes)

    def predict(self, matrix: Any) -> Any:
        """One answer a row."""
        return self._predictor.predict(np.ascontiguousarray(matrix, dtype=np.float64))

    def predict_proba(self, matrix: Any) -> Any:
        """The probabilities of the classes."""
        return self._predictor.probabilities(np.ascontiguousarray(matrix, dtype=np.float64))


def written(model: Any, folder: Path, where: str) -> tuple[str, int, tuple[str, ...]] | None:
    """Write the model into a new folder: its flavor, how many classes, its files; None if it is no model.

    Raises:
        Untrusted: its flavor cannot store it, or its classes are not 0, 1, 2 and so on.
    """
    library = type(model).__module__.partition(".")[0]
    if library not in registry.names("flavors"):
        return None
    flavor: Flavor = registry.load("flavors", library)
    if getattr(flavor, "runs_code", False) or not flavor.accepts(model):
        return None
    classes = getattr(model, "classes_", ())
    if list(classes) != list(range(len(classes))):
        raise Untrusted(f"{where} is a classifier of other classes than 0, 1, 2 and so on", place=where)
    folder.mkdir()
    return library, len(classes), flavor.save(model, folder)


def read(library: Any, classes: Any, folder: Path) -> Inner:
    """The model in a folder.

    Raises:
        Corrupt: the flavor is none that runs no code, or the files are not its own.
        NotInstalled: the library is not there.
    """
    if type(library) is not str or type(classes) is not int or library not in registry.names("flavors"):
        raise Corrupt(f"a model inside the model is of no flavor: {str(library)[:40]!r}")
    flavor: Flavor = registry.load("flavors", library)
    if getattr(flavor, "runs_code", False):
        raise Corrupt(f"a model inside the model is of flavor {library!r}, which mlctl does not write")
    task = "regression" if classes == 0 else "binary" if classes == _TWO else "multiclass"
    try:
        return Inner(flavor.load(folder, {"task": task, "classes": classes}), classes)
    except OSError as error:
        raise Corrupt(f"a file of a model inside the model is missing: {error}") from error
