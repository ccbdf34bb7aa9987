"""The LightGBM flavor: LightGBM's own text model, which names no code, checked before it is parsed."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightgbm

from mlctl.builtin.flavors.classes import ByClass, ByNumber, read_classes, two_columns, write_classes
from mlctl.builtin.flavors.lightgbm_text import FILE, check_text, trimmed
from mlctl.contracts.flavor import Predictor
from mlctl.domain.errors import Corrupt, Untrusted

_TWO = 2
_NO_THREADS = {"num_threads": 1}
"""A row's sum does not depend on threads; starting them takes longer than a few rows."""


class LightgbmFlavor:
    """Saves and loads LGBMRegressor and LGBMClassifier."""

    name = "lightgbm"

    def accepts(self, estimator: Any) -> bool:
        """Whether it is LightGBM's own regressor or classifier; a class derived from them may answer else."""
        return type(estimator) in {lightgbm.LGBMRegressor, lightgbm.LGBMClassifier}

    def save(self, estimator: Any, folder: Path) -> tuple[str, ...]:
        """Write `model.txt`, and of a classifier `classes.json`; equal estimators give equal bytes.

        Raises:
            Untrusted: the model holds what `load` would refuse: linear trees, an objective of one's own.
        """
        classes = getattr(estimator, "classes_", None)
        text = trimmed(re.sub(r"\r\n?", "\n", estimator.booster_.model_to_string()))
        data = text.encode("utf-8")
        try:
            check_text(data, _outputs(0 if classes is None else len(classes)))
        except Corrupt as error:
            raise Untrusted(
                f"this {type(estimator).__name__} cannot be stored: the {error.message}",
                estimator=type(estimator).__name__,
            ) from error
        (folder / FILE).write_bytes(data)
        return (FILE,) if classes is None else (FILE, write_classes(folder, classes))

    def load(self, folder: Path, options: Mapping[str, Any]) -> Predictor:
        """Read it back.

        Raises:
            Corrupt: a file is not what `save` writes.
        """
        if options["task"] == "regression":
            booster = _booster(folder, 1)
            return ByNumber(lambda matrix: booster.predict(matrix, **_NO_THREADS))
        count = int(options["classes"])
        classes = read_classes(folder, count)
        booster = _booster(folder, _outputs(len(classes)))

        def chances(matrix: Any) -> Any:
            answer = booster.predict(matrix, **_NO_THREADS)
            return two_columns(answer) if len(classes) == _TWO else answer

        return ByClass(chances, classes, count)


def _outputs(classes: int) -> int:
    return classes if classes > _TWO else 1


def _booster(folder: Path, outputs: int) -> Any:
    text = check_text((folder / FILE).read_bytes(), outputs)
    try:
        return lightgbm.Booster(model_str=text)
    except lightgbm.basic.LightGBMError as error:
        raise Corrupt(f"{FILE} cannot be read back: {error}", file=FILE) from error
