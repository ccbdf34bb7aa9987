"""Fitted estimators to files and back, through the flavor that accepts them."""

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
) -> tuple[str, dict[str, bytes]]:
    """The flavor's name and the files it wrote.

    Args:
        estimator: fitted.
        probe: rows of its matrix; what was written must answer to them, read back, as the estimator does.
        signature: of the model, where rows are given.
        name: of the flavor; the first that accepts it if None.

    Raises:
        Untrusted: no installed flavor can store the estimator without pickle, or it answers differently when
            it is read back.
    """
    if isinstance(estimator, Kept):
        return estimator.flavor, estimator.files
    flavor: Flavor = registry.load("flavors", name) if name is not None else flavor_for(estimator)
    with tempfile.TemporaryDirectory(prefix="mlctl-") as folder:
        names = flavor.save(estimator, Path(folder))
        if probe is not None and signature is not None and len(probe):
            _check_answers(flavor, estimator, Path(folder), probe, signature)
        return flavor.name, {name: (Path(folder) / name).read_bytes() for name in names}


def _check_answers(flavor: Flavor, estimator: Any, folder: Path, probe: Any, signature: Signature) -> None:
    """That what is read back answers as what was written.

    Raises:
        Untrusted: it does not.
    """
    predictor = flavor.load(folder, options_of(signature))
    own = np.asarray(estimator.predict(probe), dtype=np.float64).ravel()
    read = np.asarray(predictor.predict(probe), dtype=np.float64)
    if own.shape != read.shape or not np.allclose(own, read, rtol=_ROUNDING, atol=_ROUNDING, equal_nan=True):
        kind = f"{type(estimator).__module__}.{type(estimator).__qualname__}"
        raise Untrusted(
            f"a {kind} that flavor {flavor.name!r} has read back does not answer as the one that was fitted; "
            "it is not stored",
            "mlctl spec explain",
            estimator=kind,
            flavor=flavor.name,
        )


def opened(flavor: str, folder: Path, signature: Signature) -> Predictor:
    """The predictor in a folder of verified files.

    Raises:
        NotInstalled, PluginBroken: no such flavor. Untrusted, Corrupt: as the flavor.
    """
    plugin: Flavor = registry.load("flavors", flavor)
    return plugin.load(folder, options_of(signature))


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
