"""The compiled model: columns in, answers out. The server and batch prediction both go through it.

A plan is immutable and may be asked from several threads at once.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from mlctl.contracts.flavor import Predictor
from mlctl.domain.errors import PredictionFailed
from mlctl.domain.model import ModelVersion, Signature
from mlctl.domain.values import text_of
from mlctl.tabular.encode import Encoder, Matrix


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """What a model says of some rows.

    Attributes:
        outputs: numbers of a regression; class labels otherwise, integers where the target was an integer.
        probabilities: one list a row in the order of the signature's classes, or None.
    """

    outputs: list[Any]
    probabilities: list[list[float]] | None


class Plan:
    """One model version, ready to answer.

    Args:
        model: what the artefacts are and what they accept.
        predictor: the loaded artefacts.
    """

    def __init__(self, model: ModelVersion, predictor: Predictor) -> None:
        self.model = model
        self.signature: Signature = model.signature
        self.encoder = Encoder(model.features)
        self._predictor = predictor
        self._level = model.level
        self._labels = _labels(model.signature)
        self._known = {
            encoding.column: frozenset(encoding.categories)
            for encoding in model.features
            if encoding.categories
        }

    def answer(self, columns: Mapping[str, Sequence[Any]]) -> Answers:
        """The answers for rows, in their order; the same row gets the same answer in any company.

        Args:
            columns: at least every feature; all of one length; columns that are no features are ignored.

        Raises:
            PredictionFailed: the model raised, or its answer is no number.
        """
        return self.of_matrix(self.encoder.matrix(columns) if len(next(iter(columns.values()))) else None)

    def of_matrix(self, matrix: Matrix | None) -> Answers:
        """The answers for rows that are encoded already, shape (rows, features); None for no rows.

        Raises:
            PredictionFailed: as `answer`.
        """
        if matrix is None:
            return Answers(outputs=[], probabilities=None if self._labels is None else [])
        try:
            raw = self._predictor.predict(matrix)
            chances = None if self._labels is None else self._predictor.probabilities(matrix)
        except Exception as error:
            raise PredictionFailed(
                f"model {self.model.model} failed on its input: {type(error).__name__}: {error}",
                model=self.model.model,
            ) from error
        if self._labels is None:
            return Answers(outputs=self._numbers(raw), probabilities=None)
        labels = self._labels
        outputs = [labels[code] for code in raw.tolist()]
        return Answers(outputs=outputs, probabilities=None if chances is None else chances.tolist())

    def unseen(self, columns: Mapping[str, Sequence[Any]]) -> dict[str, int]:
        """How many values of each category column the model has not learnt; only columns with any."""
        found: dict[str, int] = {}
        for name, known in self._known.items():
            for value in columns.get(name, ()):
                if value is not None and text_of(value) not in known:
                    found[name] = found.get(name, 0) + 1
        return found

    def warm(self) -> None:
        """Answer the signature's example once, so that the first request finds everything loaded.

        Raises:
            PredictionFailed: the model cannot answer its own example.
        """
        example = self.signature.example
        self.answer({wanted.name: [example.get(wanted.name)] for wanted in self.signature.inputs})

    def _numbers(self, raw: Any) -> list[float]:
        values = np.asarray(raw, dtype=np.float64)
        if self._level != 1.0:
            values = values * self._level
        if not np.isfinite(values).all():
            row = int(np.flatnonzero(~np.isfinite(values))[0])
            raise PredictionFailed(
                f"model {self.model.model} answered {values[row]} for row {row}; that is no number",
                model=self.model.model,
                row=row,
            )
        return list(values.tolist())


def _labels(signature: Signature) -> tuple[Any, ...] | None:
    if signature.task == "regression":
        return None
    if signature.target_type == "integer":
        return tuple(int(label) for label in signature.classes)
    return signature.classes
