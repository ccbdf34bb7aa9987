"""The torch flavor: a class of the project's own that holds a PyTorch module, whose weights alone are stored.

The class makes its module anew by `make_module()`; the weights come from a file of arrays (safetensors), of
which nothing is unpickled. The class's source travels with the model.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from mlctl.builtin.flavors.python import CodePredictor, class_of
from mlctl.builtin.flavors.state import FILE, read_state, remade, state_of, write_state
from mlctl.builtin.flavors.tensors import Tensor, dumped, loaded
from mlctl.contracts.flavor import Predictor
from mlctl.domain.errors import Corrupt, Untrusted

WEIGHTS = "weights.safetensors"
_TYPES = {
    "BF16": torch.bfloat16,
    "BOOL": torch.bool,
    "F16": torch.float16,
    "F32": torch.float32,
    "F64": torch.float64,
    "I16": torch.int16,
    "I32": torch.int32,
    "I64": torch.int64,
    "I8": torch.int8,
    "U8": torch.uint8,
}
_CODES = {kind: code for code, kind in _TYPES.items()}


class TorchFlavor:
    """Saves and loads objects that make and hold a `torch.nn.Module`."""

    name = "torch"
    runs_code = True
    tolerance = 1e-5
    """Modules compute in single precision, and a product of other sizes rounds differently."""

    def accepts(self, estimator: Any) -> bool:
        """Whether it has `make_module`, and in `module` what that made."""
        return hasattr(estimator, "make_module") and isinstance(
            getattr(estimator, "module", None), torch.nn.Module
        )

    def save(self, estimator: Any, folder: Path) -> tuple[str, ...]:
        """Write the weights, and what else the object keeps as JSON and arrays.

        Raises:
            Untrusted: the state or the weights hold something that is not kept.
        """
        tensors = {name: _tensor(name, value) for name, value in estimator.module.state_dict().items()}
        names = write_state(folder, estimator, state_of(estimator, without=("module",)))
        (folder / WEIGHTS).write_bytes(dumped(tensors))
        return (*names, WEIGHTS)

    def load(self, folder: Path, options: Mapping[str, Any]) -> Predictor:
        """Read it back; `options["code"]` finds the class in the model's own code.

        Raises:
            Untrusted: there is no code that may run.
            Corrupt: a file is not what `save` writes, or the weights do not fit the module.
        """
        weights = {
            name: _weight(name, one) for name, one in loaded((folder / WEIGHTS).read_bytes(), WEIGHTS).items()
        }
        module, name, state = read_state(folder)
        made = remade(class_of(options, module, name), state)
        try:
            made.module = made.make_module()
            made.module.load_state_dict(weights, strict=True)
        except RuntimeError as error:
            why = " ".join(str(error).split())
            raise Corrupt(
                f"{WEIGHTS} does not fit the module that {FILE} names: {why}", file=WEIGHTS
            ) from error
        made.module.eval()
        return TorchPredictor(made, str(options["task"]), int(options.get("classes", 0)))


class TorchPredictor(CodePredictor):
    """Answers without gradients."""

    def predict(self, matrix: Any) -> Any:
        """As `contracts.flavor.Predictor`."""
        with torch.no_grad():
            return super().predict(matrix)

    def probabilities(self, matrix: Any) -> Any | None:
        """As `contracts.flavor.Predictor`."""
        with torch.no_grad():
            return super().probabilities(matrix)


def _tensor(name: str, value: Any) -> Tensor:
    code = _CODES.get(value.dtype) if isinstance(value, torch.Tensor) else None
    if code is None:
        raise Untrusted(f"weight {name} is no plain tensor, which is not stored", weight=name)
    plain = value.detach().cpu().contiguous()
    return Tensor(code, tuple(plain.shape), plain.reshape(-1).view(torch.uint8).numpy().tobytes())


def _weight(name: str, one: Tensor) -> Any:
    if one.code not in _TYPES:
        raise Corrupt(f"{WEIGHTS} holds {name[:40]!r} of a type that PyTorch does not have", file=WEIGHTS)
    if not one.data:
        return torch.empty(one.shape, dtype=_TYPES[one.code])
    return torch.frombuffer(bytearray(one.data), dtype=_TYPES[one.code]).reshape(one.shape)
