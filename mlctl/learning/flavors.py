"""Fitted estimators to files and back, through the flavor that accepts them."""

import contextlib
import io
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlctl.contracts import registry
from mlctl.contracts.flavor import Flavor, Predictor
from mlctl.domain.errors import NotInstalled, Untrusted
from mlctl.domain.model import Signature
from mlctl.learning.carried import Carried, gathered
from mlctl.learning.decided import decided
from mlctl.learning.estimator import users_code
from mlctl.learning.in_memory import InMemory
from mlctl.learning.steady import library_of

_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An estimator that is files already: another process has fitted and stored it."""

    flavor: str
    files: dict[str, bytes]


def saved(
    estimator: Any,
    probe: Any | None = None,
    signature: Signature | None = None,
    name: str | None = None,
    root: Path | None = None,
) -> tuple[str, dict[str, bytes]]:
    """The flavor's name and the files it wrote; with them the project's own code, where loading runs it.

    Args:
        estimator: fitted.
        probe: rows of its matrix; what was written must answer to them, read back, as the estimator does.
        signature: of the model, where rows are given.
        name: of the flavor; the first that accepts it if None.
        root: the project, where its own code is found; without it, the folder one stands in.

    Raises:
        Untrusted: no installed flavor can store the estimator without pickle, or it answers differently when
            it is read back.
        TrainingFailed, PredictionFailed: the user's own class raised on the way.
    """
    if isinstance(estimator, Kept):
        return estimator.flavor, estimator.files
    flavor: Flavor = registry.load("flavors", name) if name is not None else flavor_for(estimator)
    storing = users_code("storing the model", root or Path.cwd())
    with tempfile.TemporaryDirectory(prefix="mlctl-") as place, storing:
        folder = Path(place)
        names = flavor.save(estimator, folder)
        code = gathered(estimator, root) if _runs_code(flavor) else {}
        for file, source in code.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(source)
        if probe is not None and signature is not None and len(probe):
            _check_answers(flavor, estimator, folder, probe, signature)
        return flavor.name, {**{file: (folder / file).read_bytes() for file in names}, **code}


def _check_answers(flavor: Flavor, estimator: Any, folder: Path, probe: Any, signature: Signature) -> None:
    """That what is read back answers as what was written, and a row alone as among others.

    Raises:
        Untrusted: it does not.
    """
    with contextlib.redirect_stdout(io.StringIO()):  # whatever a class of somebody's own prints
        predictor = _read(flavor, folder, signature)
        own = _table(InMemory(estimator, len(signature.classes)), probe)
        read = _table(predictor, probe)
        alone = _table(predictor, probe[:1])
    near = getattr(flavor, "tolerance", _ROUNDING)
    kind = f"{type(estimator).__module__}.{type(estimator).__qualname__}"
    if own.shape != read.shape or not np.allclose(own, read, rtol=near, atol=near, equal_nan=True):
        what = "does not answer as the one that was fitted"
    elif not np.array_equal(alone, read[:1], equal_nan=True):
        what = "answers otherwise to a row alone than among others"
    else:
        return
    raise Untrusted(
        f"a {kind} that flavor {flavor.name!r} has read back {what}; it is not stored",
        "mlctl spec explain",
        estimator=kind,
        flavor=flavor.name,
    )


def _table(predictor: Any, probe: Any) -> Any:
    """Answers and probabilities side by side, one row a row."""
    output = np.asarray(predictor.predict(probe), dtype=np.float64).reshape(len(probe), -1)
    chances = predictor.probabilities(probe)
    return output if chances is None else np.hstack([output, chances])


def opened(flavor: str, folder: Path, signature: Signature, *, trusted: bool = False) -> Predictor:
    """The predictor in a folder of verified files; it decides by the signature's threshold.

    Args:
        flavor: its name.
        folder: the files; their digests were checked.
        signature: of the model.
        trusted: the code that came with the model may run.

    Raises:
        NotInstalled, PluginBroken: no such flavor.
        Untrusted, Corrupt: as the flavor; or it would run code that is not trusted.
    """
    plugin: Flavor = registry.load("flavors", flavor)
    if _runs_code(plugin) and not trusted:
        raise Untrusted(f"to load a model of flavor {flavor!r} runs the code that came with it: not trusted")
    return decided(_read(plugin, folder, signature), signature.threshold)


def _read(flavor: Flavor, folder: Path, signature: Signature) -> Predictor:
    options = options_of(signature)
    return flavor.load(folder, {**options, "code": Carried(folder)} if _runs_code(flavor) else options)


def _runs_code(flavor: Flavor) -> bool:
    return bool(getattr(flavor, "runs_code", False))


def options_of(signature: Signature) -> Mapping[str, Any]:
    """What a flavor is told when it loads."""
    return {"task": signature.task, "classes": len(signature.classes)}


def flavor_for(estimator: Any) -> Flavor:
    """The installed flavor that accepts the estimator: that of its own library first, then the first by name.

    A flavor whose library is not there is passed over: an estimator of that library could not be here.

    Raises:
        Untrusted: none does.
    """
    installed = registry.names("flavors")
    library = library_of(estimator)
    for name in sorted(installed, key=lambda one: (one != library, one)):
        try:
            flavor: Flavor = registry.load("flavors", name)
        except NotInstalled:
            continue
        if flavor.accepts(estimator):
            return flavor
    kind = f"{type(estimator).__module__}.{type(estimator).__qualname__}"
    raise Untrusted(
        f"no installed flavor stores a {kind}; installed: {', '.join(installed) or 'none'}",
        "mlctl spec explain",
        estimator=kind,
    )
