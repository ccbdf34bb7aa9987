"""What an object of the user's own class has learnt, as JSON and arrays: nothing in it names code to run.

Kept are numbers, truths, text, None, lists, tuples, dictionaries and arrays of numbers, at any depth. A class
says what it keeps by `get_state` and takes it back by `set_state`; without them, it is the attributes.
"""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mlctl.builtin.flavors.tensors import Tensor, array_of, dumped, loaded, tensor_of
from mlctl.domain.errors import Corrupt, Untrusted

FILE = "state.json"
ARRAYS = "arrays.safetensors"
_DEEPEST = 100
_PLAIN = (bool, int, str, type(None))


def state_of(estimator: Any, without: tuple[str, ...] = ()) -> Any:
    """What the object keeps: by its own `get_state`, or its attributes but for those named."""
    if hasattr(estimator, "get_state") and hasattr(estimator, "set_state"):
        return estimator.get_state()
    return {name: value for name, value in vars(estimator).items() if name not in without}


def remade(kind: Any, state: Any) -> Any:
    """An object of the class with this state; its `__init__` is not called."""
    made = kind.__new__(kind)
    if hasattr(made, "get_state") and hasattr(made, "set_state"):
        made.set_state(state)
    else:
        made.__dict__.update(state)
    return made


def write_state(folder: Path, estimator: Any, state: Any) -> tuple[str, ...]:
    """Write the class's name and the state; the names of the files.

    Raises:
        Untrusted: the class is no class of a module, or the state holds something that is not kept.
    """
    kind = type(estimator)
    if "<locals>" in kind.__qualname__:
        raise Untrusted(
            f"{kind.__qualname__} is made inside a function; a class has to stand in a module to be found",
            estimator=kind.__qualname__,
        )
    arrays: dict[str, Tensor] = {}
    told = {"module": kind.__module__, "class": kind.__qualname__, "state": _encoded(state, "state", arrays)}
    (folder / FILE).write_text(json.dumps(told, sort_keys=True, indent=1), encoding="ascii")
    if not arrays:
        return (FILE,)
    (folder / ARRAYS).write_bytes(dumped(arrays))
    return (FILE, ARRAYS)


def read_state(folder: Path) -> tuple[str, str, Any]:
    """Module and name of the class, and the state.

    Raises:
        Corrupt: the files are not what `write_state` writes.
    """
    try:
        told = json.loads((folder / FILE).read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise Corrupt(f"{FILE} cannot be read: {error}", file=FILE) from error
    if not isinstance(told, dict) or set(told) != {"module", "class", "state"}:
        raise Corrupt(f"{FILE} does not tell module, class and state", file=FILE)
    arrays: dict[str, Tensor] = {}
    if (folder / ARRAYS).exists():
        arrays = loaded((folder / ARRAYS).read_bytes(), ARRAYS)
    return str(told["module"]), str(told["class"]), _decoded(told["state"], arrays, 0)


def _encoded(value: Any, where: str, arrays: dict[str, Tensor], depth: int = 0) -> Any:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, float) and not isinstance(value, np.generic):
        return value if math.isfinite(value) else {"float": str(value)}
    if isinstance(value, (np.ndarray, np.generic)):
        tensor = tensor_of(value)
        if tensor is None:
            raise _refused(f"an array of {value.dtype}", where)
        name = str(len(arrays))
        arrays[name] = tensor
        return {"scalar" if isinstance(value, np.generic) else "array": name}
    if depth > _DEEPEST:
        raise _refused(f"nested more than {_DEEPEST} deep", where[:80])
    if type(value) is list:
        return [_encoded(one, f"{where}[{place}]", arrays, depth + 1) for place, one in enumerate(value)]
    if type(value) is tuple:
        return {
            "tuple": [
                _encoded(one, f"{where}[{place}]", arrays, depth + 1) for place, one in enumerate(value)
            ]
        }
    if type(value) is dict:
        pairs = [
            [_encoded(key, where, arrays, depth + 1), _encoded(one, f"{where}[{key!r}]", arrays, depth + 1)]
            for key, one in value.items()
        ]
        return {"dict": pairs}
    raise _refused(f"a {type(value).__module__}.{type(value).__qualname__}", where)


def _refused(what: str, where: str) -> Untrusted:
    return Untrusted(
        f"{where} is {what}, which is not stored; give the class get_state and set_state of numbers, text, "
        "lists, dictionaries and arrays",
        place=where,
    )


def _decoded(node: Any, arrays: Mapping[str, Tensor], depth: int) -> Any:
    if depth > _DEEPEST:
        raise Corrupt(f"{FILE} nests more than {_DEEPEST} deep", file=FILE)
    if isinstance(node, list):
        return [_decoded(one, arrays, depth + 1) for one in node]
    if not isinstance(node, dict):
        return node
    if len(node) != 1:
        raise Corrupt(f"{FILE} holds an object of {len(node)} keys, which mlctl does not write", file=FILE)
    ((kind, value),) = node.items()
    if kind not in _KINDS:
        raise Corrupt(f"{FILE} holds a {kind[:40]!r}, which mlctl does not write", file=FILE)
    try:
        return _KINDS[kind](value, arrays, depth + 1)
    except (KeyError, TypeError, ValueError) as error:
        raise Corrupt(f"{FILE} is not what mlctl writes: {error}", file=FILE) from error


_KINDS: dict[str, Callable[[Any, Mapping[str, Tensor], int], Any]] = {
    "float": lambda value, _arrays, _depth: float(value),
    "array": lambda value, arrays, _depth: array_of(arrays[value]),
    "scalar": lambda value, arrays, _depth: array_of(arrays[value])[()],
    "tuple": lambda value, arrays, depth: tuple(_decoded(one, arrays, depth) for one in value),
    "dict": lambda value, arrays, depth: {
        _decoded(key, arrays, depth): _decoded(one, arrays, depth) for key, one in value
    },
}
