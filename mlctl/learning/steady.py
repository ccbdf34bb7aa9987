"""What makes other libraries' fits repeat bit for bit: seeds, threads, and their own switches for it.

scikit-learn needs no more than its `random_state`; what is said in the spec is never overruled.
"""

import importlib
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

_SWITCHES: dict[str, dict[str, Any]] = {"lightgbm": {"deterministic": True, "force_col_wise": True}}
"""Settings of a library under which its fits do not depend on threads or on timing; those of a pair that
excludes each other are left alone where either is given."""
_EXCLUDING = {"force_col_wise": "force_row_wise"}
_OWN_THREADS = frozenset({"lightgbm", "xgboost"})
"""Libraries that count the processor's cores themselves, whatever OpenMP is told."""
_THREADS = frozenset({"n_jobs", "num_threads", "num_thread", "nthread", "nthreads"})


def library_of(estimator: Any) -> str:
    """The top-level package of the estimator's class."""
    return type(estimator).__module__.partition(".")[0]


def seeded(estimator: Any, given: Mapping[str, Any], seed: int) -> Any:
    """The estimator with the seed in every `random_state` that nobody has set, and its library's switches."""
    if not hasattr(estimator, "get_params"):
        if getattr(estimator, "random_state", seed) is None and "random_state" not in given:
            estimator.random_state = seed
        return estimator
    known = estimator.get_params(deep=True)
    unset = {
        name: seed
        for name, value in known.items()
        if (name == "random_state" or name.endswith("__random_state")) and name not in given and value is None
    }
    unset |= {
        name: value
        for name, value in _SWITCHES.get(library_of(estimator), {}).items()
        if not {name, _EXCLUDING.get(name, name)} & {*given, *known}
    }
    return estimator.set_params(**unset) if unset else estimator


def begin(estimator: Any, seed: int, *, few: bool) -> None:
    """Settle, right before a fit, what is not a parameter of it.

    Args:
        estimator: to be fitted.
        seed: for PyTorch's own generator, where PyTorch is loaded.
        few: the rows are few, and one thread is to learn from them.
    """
    if few and library_of(estimator) in _OWN_THREADS:
        known = estimator.get_params()
        if all(known.get(name) is None for name in _THREADS):
            estimator.set_params(n_jobs=1)
    if "torch" in sys.modules:
        torch = importlib.import_module("torch")
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(mode=True, warn_only=True)
        if few:
            torch.set_num_threads(1)


def probe_of(matrix: Any) -> Any:
    """A few rows of a training matrix, spread over it: what a stored model is asked before it is believed."""
    return np.ascontiguousarray(matrix[:: max(1, len(matrix) // 64)][:64])
