"""What an object of the user's own class has learnt, as JSON and arrays: nothing in it names code to run.

Kept are numbers, truths, text, None, lists, tuples, dictionaries, arrays of numbers and models that a
library's flavor stores, at any depth. A class says what it keeps by `get_state` and takes it back by
`set_state`; without them, it is the attributes.
"""

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mlctl.builtin.flavors.inner import read, written
from mlctl.builtin.flavors.tensors import Tensor, array_of, dumped, loaded, tensor_of
from mlctl.domain.errors import Corrupt, Untrusted

FILE = "state.json"
ARRAYS = "arrays.safetensors"
PART = "model"
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
    held = _Held(folder)
    try:
        told = {
            "module": kind.__module__,
            "class": kind.__qualname__,
            "state": _encoded(state, "state", held),
        }
    except Untrusted:
        for part in range(held.parts):
            shutil.rmtree(folder / f"{PART}{part}", ignore_errors=True)
        raise
    (folder / FILE).write_text(json.dumps(told, sort_keys=True, indent=1), encoding="ascii")
    if not held.arrays:
        return (FILE, *held.files)
    (folder / ARRAYS).write_bytes(dumped(held.arrays))
    return (FILE, ARRAYS, *held.files)


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
    held = _Held(folder)
    if (folder / ARRAYS).exists():
        held.arrays = loaded((folder / ARRAYS).read_bytes(), ARRAYS)
    return str(told["module"]), str(told["class"]), _decoded(told["state"], held, 0)


class _Held:
    """What a state holds besides JSON: arrays by name, and models in folders of their own."""

    def __init__(self, folder: Path) -> None:
        self.arrays: dict[str, Tensor] = {}
        self.files: list[str] = []
        self.parts = 0
        self._folder = folder

    def model(self, value: Any, where: str) -> list[Any]:
        """Flavor, number and count of classes of a model that was written.

        Raises:
            Untrusted: it is no model that a flavor without code stores.
        """
        name = f"{PART}{self.parts}"
        self.parts += 1
        found = written(value, self._folder / name, where)
        if found is None:
            self.parts -= 1
            raise _refused(f"a {type(value).__module__}.{type(value).__qualname__}", where)
        library, classes, files = found
        self.files += [f"{name}/{file}" for file in files]
        return [library, self.parts - 1, classes]

    def read(self, library: Any, number: Any, classes: Any) -> Any:
        """The model again."""
        return read(library, classes, self._folder / f"{PART}{int(number)}")


def _encoded(value: Any, where: str, held: _Held, depth: int = 0) -> Any:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, float) and not isinstance(value, np.generic):
        return value if math.isfinite(value) else {"float": str(value)}
    if isinstance(value, (np.ndarray, np.generic)):
        tensor = tensor_of(value)
        if tensor is None:
            raise _refused(f"an array of {value.dtype}", where)
        name = str(len(held.arrays))
        held.arrays[name] = tensor
        return {"scalar" if isinstance(value, np.generic) else "array": name}
    if depth > _DEEPEST:
        raise _refused(f"nested more than {_DEEPEST} deep", where[:80])
    found = _encoded_many(value, where, held, depth + 1)
    if found is None:
        found = {"model": held.model(value, where)}
    return found


def _encoded_many(value: Any, where: str, held: _Held, depth: int) -> Any | None:
    """A list, tuple or dictionary; None for anything else."""
    if type(value) is dict:
        pairs = [
            [_encoded(key, where, held, depth), _encoded(one, f"{where}[{key!r}]", held, depth)]
            for key, one in value.items()
        ]
        return {"dict": pairs}
    if type(value) in {list, tuple}:
        many = [_encoded(one, f"{where}[{place}]", held, depth) for place, one in enumerate(value)]
        return many if type(value) is list else {"tuple": many}
    return None


def _refused(what: str, where: str) -> Untrusted:
    return Untrusted(
        f"{where} is {what}, which is not stored; give the class get_state and set_state of numbers, text, "
        "lists, dictionaries, arrays and models of libraries",
        place=where,
    )


def _decoded(node: Any, held: _Held, depth: int) -> Any:
    if depth > _DEEPEST:
        raise Corrupt(f"{FILE} nests more than {_DEEPEST} deep", file=FILE)
    if isinstance(node, list):
        return [_decoded(one, held, depth + 1) for one in node]
    if not isinstance(node, dict):
        return node
    if len(node) != 1:
        raise Corrupt(f"{FILE} holds an object of {len(node)} keys, which mlctl does not write", file=FILE)
    ((kind, value),) = node.items()
    if kind not in _KINDS:
        raise Corrupt(f"{FILE} holds a {kind[:40]!r}, which mlctl does not write", file=FILE)
    try:
        return _KINDS[kind](value, held, depth + 1)
    except (KeyError, TypeError, ValueError) as error:
        raise Corrupt(f"{FILE} is not what mlctl writes: {error}", file=FILE) from error


_KINDS: dict[str, Callable[[Any, _Held, int], Any]] = {
    "float": lambda value, _held, _depth: float(value),
    "array": lambda value, held, _depth: array_of(held.arrays[value]),
    "scalar": lambda value, held, _depth: array_of(held.arrays[value])[()],
    "model": lambda value, held, _depth: held.read(*value),
    "tuple": lambda value, held, depth: tuple(_decoded(one, held, depth) for one in value),
    "dict": lambda value, held, depth: {
        _decoded(key, held, depth): _decoded(one, held, depth) for key, one in value
    },
}
