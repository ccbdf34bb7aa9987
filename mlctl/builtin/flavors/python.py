"""The python flavor: a class of the project's own with `fit` and `predict`; its state as JSON and arrays.

Loading runs the class, so its source travels with the model, and whoever loads it has said that it may run.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mlctl.builtin.flavors.blocks import in_blocks
from mlctl.builtin.flavors.classes import spread
from mlctl.builtin.flavors.state import FILE, read_state, remade, state_of, write_state
from mlctl.contracts.flavor import Predictor
from mlctl.domain.errors import Corrupt, PredictionFailed, Untrusted


class PythonFlavor:
    """Saves and loads objects of classes that no library's flavor knows."""

    name = "python"
    runs_code = True

    def accepts(self, estimator: Any) -> bool:
        """Whether it predicts, and is no PyTorch module's holder nor an ONNX graph's."""
        other = hasattr(estimator, "make_module") or hasattr(estimator, "onnx_bytes")
        return hasattr(estimator, "predict") and hasattr(estimator, "fit") and not other

    def save(self, estimator: Any, folder: Path) -> tuple[str, ...]:
        """Write `state.json`, and the arrays in it to `arrays.safetensors`.

        Raises:
            Untrusted: the state holds something else than numbers, text, lists, dictionaries and arrays.
        """
        return write_state(folder, estimator, state_of(estimator))

    def load(self, folder: Path, options: Mapping[str, Any]) -> Predictor:
        """Read it back; `options["code"]` finds the class in the model's own code.

        Raises:
            Untrusted: there is no code that may run.
            Corrupt: a file is not what `save` writes.
        """
        module, name, state = read_state(folder)
        made = remade(class_of(options, module, name), state)
        if not hasattr(made, "predict"):
            raise Corrupt(f"{FILE} names {module}:{name}, which does not predict", file=FILE)
        return CodePredictor(made, str(options["task"]), int(options.get("classes", 0)))


class CodePredictor:
    """Answers of an object of the user's class; a `contracts.flavor.Predictor`."""

    def __init__(self, estimator: Any, task: str, classes: int) -> None:
        self._estimator = estimator
        self._classes = 0 if task == "regression" else classes

    def predict(self, matrix: Any) -> Any:
        """As `contracts.flavor.Predictor`."""
        answer = self._ask(self._estimator.predict, matrix).reshape(len(matrix))
        return answer.astype(np.int64 if self._classes else np.float64)

    def probabilities(self, matrix: Any) -> Any | None:
        """As `contracts.flavor.Predictor`."""
        if not self._classes or not hasattr(self._estimator, "predict_proba"):
            return None
        known = np.asarray(self._ask(self._estimator.predict_proba, matrix), dtype=np.float64)
        return spread(known, getattr(self._estimator, "classes_", range(self._classes)), self._classes)

    def _ask(self, method: Callable[[Any], Any], matrix: Any) -> Any:
        try:
            return in_blocks(method, matrix)
        except Exception as error:
            raise PredictionFailed(
                f"{type(self._estimator).__qualname__}.{method.__name__} failed, read back from its files: "
                f"{type(error).__name__}: {error}",
                estimator=type(self._estimator).__qualname__,
            ) from error


def class_of(options: Mapping[str, Any], module: str, name: str) -> Any:
    """The class, from the code that may run.

    Raises:
        Untrusted: there is none.
    """
    find = options.get("code")
    if find is None:
        raise Untrusted(f"{FILE} names {module}:{name}, and no code came with the model", file=FILE)
    found = find(module, name)
    if not isinstance(found, type):
        raise Corrupt(f"{FILE} names {module}:{name}, which is no class", file=FILE)
    return found
