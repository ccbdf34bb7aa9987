"""Fitted estimators to files and back, through the flavor that accepts them."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlctl.contracts import registry
from mlctl.contracts.flavor import Flavor, Predictor
from mlctl.domain.errors import Untrusted
from mlctl.domain.model import Signature


def saved(estimator: Any) -> tuple[str, dict[str, bytes]]:
    """The flavor's name and the files it wrote.

    Raises:
        Untrusted: no installed flavor can store the estimator without pickle.
    """
    flavor = flavor_for(estimator)
    with tempfile.TemporaryDirectory(prefix="mlctl-") as folder:
        names = flavor.save(estimator, Path(folder))
        return flavor.name, {name: (Path(folder) / name).read_bytes() for name in names}


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
    """The first installed flavor (by name) that accepts the estimator."""
    for name in registry.names("flavors"):
        flavor: Flavor = registry.load("flavors", name)
        if flavor.accepts(estimator):
            return flavor
    raise Untrusted(
        f"no installed flavor stores a {type(estimator).__module__}.{type(estimator).__qualname__}; "
        f"installed: {', '.join(registry.names('flavors')) or 'none'}",
        "mlctl spec explain",
        estimator=f"{type(estimator).__module__}.{type(estimator).__qualname__}",
    )
