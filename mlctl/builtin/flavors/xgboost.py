"""The XGBoost flavor: XGBoost's own JSON model, which names no code, checked before it is parsed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xgboost

from mlctl.builtin.flavors.classes import ByClass, ByNumber, read_classes, two_columns, write_classes
from mlctl.builtin.flavors.xgboost_json import FILE, checked
from mlctl.contracts.flavor import Predictor
from mlctl.domain.errors import Corrupt, Untrusted

_TWO = 2


class XgboostFlavor:
    """Saves and loads XGBRegressor and XGBClassifier."""

    name = "xgboost"

    def accepts(self, estimator: Any) -> bool:
        """Whether it is XGBoost's own regressor or classifier; a class derived from them may answer else."""
        return type(estimator) in {
            xgboost.XGBRegressor,
            xgboost.XGBClassifier,
            xgboost.XGBRFRegressor,
            xgboost.XGBRFClassifier,
        }

    def save(self, estimator: Any, folder: Path) -> tuple[str, ...]:
        """Write `model.json`, and of a classifier `classes.json`; equal estimators give equal bytes.

        Raises:
            Untrusted: the model holds what `load` would refuse: category splits, an objective of one's own.
        """
        if not np.isnan(estimator.missing):
            raise Untrusted(
                f"this {type(estimator).__name__} takes {estimator.missing} for a missing value; give it NaN",
                estimator=type(estimator).__name__,
            )
        classes = getattr(estimator, "classes_", None)
        raw = bytes(estimator.get_booster().save_raw("json"))
        try:
            data, _ = checked(raw, _outputs(0 if classes is None else len(classes)))
        except Corrupt as error:
            raise Untrusted(
                f"this {type(estimator).__name__} cannot be stored: its {error.message}",
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
            return ByNumber(_answers(folder, 1))
        count = int(options["classes"])
        classes = read_classes(folder, count)
        answers = _answers(folder, _outputs(len(classes)))

        def chances(matrix: Any) -> Any:
            answer = answers(matrix)
            return two_columns(answer) if len(classes) == _TWO else np.asarray(answer, dtype=np.float64)

        return ByClass(chances, classes, count)


def _outputs(classes: int) -> int:
    return classes if classes > _TWO else 1


def _answers(folder: Path, outputs: int) -> Any:
    data, best = checked((folder / FILE).read_bytes(), outputs)
    booster = xgboost.Booster()
    try:
        booster.load_model(bytearray(data))
        booster.set_param({"nthread": 1, "device": "cpu"})
    except xgboost.core.XGBoostError as error:
        raise Corrupt(f"{FILE} cannot be read back: {str(error).splitlines()[0]}", file=FILE) from error
    linear = b'"name":"gblinear"' in data
    # in place, as XGBoost's own estimators ask trees: otherwise sums over dropped trees round differently
    rounds = (0, 0) if best is None else (0, best + 1)

    def ask(matrix: Any) -> Any:
        if linear:
            return booster.predict(xgboost.DMatrix(matrix, nthread=1))
        return booster.inplace_predict(matrix, iteration_range=rounds, missing=np.nan)

    return ask
