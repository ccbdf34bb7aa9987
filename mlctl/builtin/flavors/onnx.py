"""The ONNX flavor: a graph of ONNX's own operators in one file, run by ONNX Runtime.

An estimator has it in `onnx_bytes` when it is fitted. The graph takes one matrix of the encoded features. For
a regression it gives one number a row; for classes their probabilities, in the order of the signature, and
class indices where it also gives whole numbers.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mlctl.builtin.flavors.blocks import BLOCK, in_blocks
from mlctl.builtin.flavors.onnx_graph import FILE, check_graph
from mlctl.builtin.flavors.onnx_trial import session_of, shape_of, tried
from mlctl.contracts.flavor import Predictor
from mlctl.domain.errors import Corrupt, MlctlError, Untrusted

_FLOATS = {"tensor(float)", "tensor(double)"}
_MOST_ROWS = 4096


class OnnxFlavor:
    """Saves and loads estimators that are ONNX graphs."""

    name = "onnx"
    tolerance = 1e-5
    """Graphs compute in single precision as a rule, where what they were made of may not have."""

    def accepts(self, estimator: Any) -> bool:
        """Whether it has the bytes of a graph in `onnx_bytes`."""
        return isinstance(getattr(estimator, "onnx_bytes", None), bytes)

    def save(self, estimator: Any, folder: Path) -> tuple[str, ...]:
        """Write `model.onnx`, as the estimator has it.

        Raises:
            Untrusted: `load` would refuse it.
        """
        data = estimator.onnx_bytes
        file = folder / FILE
        try:
            check_graph(data)
            file.write_bytes(data)
            tried(file)
        except MlctlError as error:
            file.unlink(missing_ok=True)
            raise Untrusted(
                f"the ONNX graph of this {type(estimator).__name__} cannot be stored: {error.message}",
                estimator=type(estimator).__name__,
            ) from error
        return (FILE,)

    def load(self, folder: Path, options: Mapping[str, Any]) -> Predictor:
        """Read it back; a process of its own has loaded it before.

        Raises:
            Untrusted: it asks for other files or for operators that are not ONNX's own.
            Corrupt: it is no model, or does not answer for the signature's task.
        """
        data = (folder / FILE).read_bytes()
        check_graph(data)
        tried(folder / FILE)
        try:
            session = session_of(data)
        except Exception as error:
            raise Corrupt(f"{FILE} cannot be read: {error}", file=FILE) from error
        return OnnxPredictor(session, str(options["task"]), int(options.get("classes", 0)))


class OnnxPredictor:
    """Answers of a graph; a `contracts.flavor.Predictor`."""

    def __init__(self, session: Any, task: str, classes: int) -> None:
        self._session = session
        self._classes = 0 if task == "regression" else classes
        self._input, self._type, rows, _ = shape_of(session)
        self._block = rows or BLOCK
        numbers = [one for one in session.get_outputs() if one.type in _FLOATS]
        whole = [one for one in session.get_outputs() if one.type == "tensor(int64)"]
        if len(numbers) > 1 or not (numbers or (whole and self._classes)) or self._block > _MOST_ROWS:
            given = ", ".join(f"{one.name} {one.type}" for one in session.get_outputs())
            raise Corrupt(
                f"{FILE} has to give one output of numbers a row (of a scikit-learn classifier: convert it "
                f"with zipmap=False); it gives {given or 'nothing'}",
                file=FILE,
            )
        self._numbers = numbers[0].name if numbers else None
        self._labels = whole[0].name if whole and self._classes else None

    def predict(self, matrix: Any) -> Any:
        """As `contracts.flavor.Predictor`."""
        if not self._classes:
            return self._ask(self._numbers, matrix).reshape(len(matrix)).astype(np.float64)
        if self._labels is not None:
            codes = self._ask(self._labels, matrix).reshape(len(matrix))
            if len(codes) and not 0 <= codes.min() <= codes.max() < self._classes:
                raise ValueError(f"the graph gives class {codes.max()} of {self._classes}")
            return codes
        return np.argmax(self._chances(matrix), axis=1)

    def probabilities(self, matrix: Any) -> Any | None:
        """As `contracts.flavor.Predictor`."""
        return self._chances(matrix) if self._classes and self._numbers is not None else None

    def _chances(self, matrix: Any) -> Any:
        chances = self._ask(self._numbers, matrix)
        chances = chances.reshape(len(matrix), -1) if len(matrix) else np.zeros((0, self._classes))
        if chances.shape[1] == 1 and self._classes == 2:  # noqa: PLR2004 (that of the second class)
            chances = np.hstack([1 - chances, chances])
        if chances.shape[1] != self._classes:
            raise ValueError(f"the graph gives {chances.shape[1]} probabilities for {self._classes} classes")
        return chances.astype(np.float64)

    def _ask(self, output: str | None, matrix: Any) -> Any:
        def run(block: Any) -> Any:
            return self._session.run([output], {self._input: block})[0].reshape(len(block), -1)

        return in_blocks(run, np.ascontiguousarray(matrix, dtype=self._type), self._block)
