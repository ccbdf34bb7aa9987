"""The scikit-learn flavor: one canonical skops file, read only after every type was checked.

The allow-list (`allowed`) is fixed in code: what the file itself lists is never trusted. The file is a zip of
stored members, so that its size bounds what is read; equal estimators give equal bytes. Trees are checked
against their bounds before anyone follows them (`nodes`). Gradient boosting gets a predictor of its own
(`boosted`).
"""

import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from sklearn.base import BaseEstimator

from mlctl.builtin.flavors.allowed import LOADERS, allowed, named_types
from mlctl.builtin.flavors.blocks import in_blocks
from mlctl.builtin.flavors.boosted import BoostedPredictor, is_plain_boosting
from mlctl.builtin.flavors.classes import spread
from mlctl.builtin.flavors.nodes import check_trees
from mlctl.contracts.flavor import Predictor
from mlctl.domain.errors import Corrupt, Untrusted

FILE = "model.skops"
_SCHEMA = "schema.json"
_MEMBER = re.compile(r"[0-9]+\.(?:npy|npz|bin)\Z")
_TREES = ("HistGradientBoosting", "GradientBoosting", "RandomForest", "ExtraTree", "DecisionTree")
_STAMP = (1980, 1, 1, 0, 0, 0)


class SklearnFlavor:
    """Saves and loads estimators of scikit-learn, pipelines of them included."""

    name = "sklearn"

    def accepts(self, estimator: Any) -> bool:
        """Whether it is one of scikit-learn's own estimators, and predicts."""
        own = type(estimator).__module__.partition(".")[0] == "sklearn"
        return own and isinstance(estimator, BaseEstimator) and hasattr(estimator, "predict")

    def save(self, estimator: Any, folder: Path) -> tuple[str, ...]:
        """Write `model.skops`; equal estimators give equal bytes.

        Raises:
            Untrusted: the estimator holds a type that `load` would refuse, or one that skops can't write.
        """
        try:
            data = _canonical(skops.io.dumps(estimator))
        except Exception as error:
            raise Untrusted(
                f"{type(estimator).__name__} cannot be written without pickle: {error}",
                estimator=_full_name(estimator),
            ) from error
        _check_types(data)
        (folder / FILE).write_bytes(data)
        return (FILE,)

    def load(self, folder: Path, options: Mapping[str, Any]) -> Predictor:
        """Read `model.skops`.

        Args:
            folder: with the file, its digest checked by the caller.
            options: "task" of the signature; "classes", how many there are.

        Raises:
            Untrusted: the file names a type that is not on the allow-list.
            Corrupt: the file is not what `save` writes.
        """
        data = (folder / FILE).read_bytes()
        types = _check_types(data)
        try:
            estimator = skops.io.loads(data, trusted=sorted(types))
        except Exception as error:
            raise Corrupt(f"{FILE} cannot be read back: {error}", file=FILE) from error
        if not self.accepts(estimator):
            raise Corrupt(f"{FILE} holds a {type(estimator).__name__}, which does not predict", file=FILE)
        check_trees(estimator)
        _one_job(estimator)
        classes = int(options.get("classes", 0))
        if is_plain_boosting(estimator):
            return BoostedPredictor(estimator, str(options["task"]), classes)
        return SklearnPredictor(estimator, str(options["task"]), classes)


class SklearnPredictor:
    """Any estimator, through its own methods; all but trees are asked for whole blocks of rows.

    A tree adds up a row's leaves in one order, whatever its company.
    """

    def __init__(self, estimator: Any, task: str, classes: int) -> None:
        self._estimator = estimator
        self._regression = task == "regression"
        self._classes = classes
        self._by_rows = type(estimator).__name__.startswith(_TREES)

    def predict(self, matrix: Any) -> Any:
        """As `contracts.flavor.Predictor`."""
        answer = self._ask(self._estimator.predict, matrix).reshape(len(matrix))
        return answer.astype(np.float64 if self._regression else np.int64)

    def probabilities(self, matrix: Any) -> Any | None:
        """As `contracts.flavor.Predictor`."""
        if self._regression or not hasattr(self._estimator, "predict_proba"):
            return None
        known = self._ask(self._estimator.predict_proba, matrix)
        return spread(known, self._estimator.classes_, self._classes)

    def _ask(self, method: Callable[[Any], Any], matrix: Any) -> Any:
        if self._by_rows and len(matrix):
            return np.asarray(method(matrix))
        return in_blocks(method, matrix)


def _check_types(data: bytes) -> set[str]:
    """The types that the file names, all of them allowed; nothing is imported or built."""
    types: set[str] = set()
    refused: set[str] = set()
    for module, name, loader in named_types(_schema(data)):
        if allowed(module, name) and loader in LOADERS:
            types.add(f"{module}.{name}")
        else:
            refused.add(f"{module}.{name}")
    if refused:
        raise Untrusted(
            f"{FILE} names types that are not on the allow-list: {', '.join(sorted(refused))}; "
            "models are built of scikit-learn's own estimators, so that loading one runs nobody's code",
            types=sorted(refused),
        )
    return types


def _schema(data: bytes) -> Any:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                if member.compress_type != zipfile.ZIP_STORED:
                    raise Corrupt(f"{FILE} holds compressed members, which mlctl does not write", file=FILE)
                if member.filename != _SCHEMA and _MEMBER.match(member.filename) is None:
                    raise Corrupt(
                        f"{FILE} holds a member {member.filename!r}, which mlctl does not write", file=FILE
                    )
            return json.loads(archive.read(_SCHEMA))
    except (zipfile.BadZipFile, KeyError, ValueError, RecursionError) as error:
        raise Corrupt(f"{FILE} is not a skops file: {error}", file=FILE) from error


def _canonical(data: bytes) -> bytes:
    """The same file, memory addresses replaced by counters and times left out: equal means equal."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        schema = json.loads(archive.read(_SCHEMA))
        files: dict[str, str] = {}
        schema = _renumbered(schema, {}, files)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as out:
            for old, new in files.items():
                out.writestr(zipfile.ZipInfo(new, _STAMP), archive.read(old))
            text = json.dumps(schema, sort_keys=True, separators=(",", ":"))
            out.writestr(zipfile.ZipInfo(_SCHEMA, _STAMP), text)
    return buffer.getvalue()


def _renumbered(node: Any, ids: dict[int, int], files: dict[str, str]) -> Any:
    if isinstance(node, list):
        return [_renumbered(item, ids, files) for item in node]
    if not isinstance(node, dict):
        return node
    fresh: dict[str, Any] = {}
    for key, value in node.items():
        if key == "__id__" and isinstance(value, int):
            fresh[key] = ids.setdefault(value, len(ids) + 1)
        elif key == "file" and isinstance(value, str) and "__loader__" in node:
            fresh[key] = files.setdefault(value, f"{len(files) + 1}{Path(value).suffix}")
        else:
            fresh[key] = _renumbered(value, ids, files)
    return fresh


def _one_job(estimator: Any) -> None:
    """Sums over trees happen in one order: several jobs would change the last bits from call to call."""
    jobs = {
        name: 1 for name in estimator.get_params(deep=True) if name == "n_jobs" or name.endswith("__n_jobs")
    }
    if jobs:
        estimator.set_params(**jobs)


def _full_name(estimator: Any) -> str:
    return f"{type(estimator).__module__}.{type(estimator).__qualname__}"
