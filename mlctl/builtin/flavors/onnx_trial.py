"""`python -m mlctl.builtin.flavors.onnx_trial FILE`: loads an ONNX file and asks it for a few rows.

In a process of its own, with bounds on memory and time: a file that would end its process ends this one.
"""

import contextlib
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from mlctl.domain.errors import Corrupt

_MEMORY = 16 * 2**30
_SECONDS = 120
_TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64}
_REFUSED = 3


def session_of(data: bytes) -> Any:
    """A session that computes on one thread of the processor and answers equally each time."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def shape_of(session: Any) -> tuple[str, Any, int | None, int | None]:
    """Name and type of the one input, its fixed number of rows and its number of columns where it has them.

    Raises:
        Corrupt: it has no single input of rows and columns.
    """
    inputs = session.get_inputs()
    if len(inputs) != 1 or inputs[0].type not in _TYPES or len(inputs[0].shape) != 2:  # noqa: PLR2004 (rows, columns)
        found = ", ".join(f"{one.name} {one.type}{one.shape}" for one in inputs)
        raise Corrupt(f"model.onnx has to take one matrix of numbers; it takes {found or 'nothing'}")
    rows, columns = (size if isinstance(size, int) and size > 0 else None for size in inputs[0].shape)
    return inputs[0].name, _TYPES[inputs[0].type], rows, columns


def tried(file: Path) -> None:
    """Load the file in a process of its own and ask it.

    Raises:
        Corrupt: that process did not come to its end.
    """
    words = [sys.executable, "-P", "-m", "mlctl.builtin.flavors.onnx_trial", str(file)]
    try:
        done = subprocess.run(words, capture_output=True, check=False, timeout=_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise Corrupt(f"{file.name} did not answer a few rows within {_SECONDS} s", file=file.name) from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = said[-1] if said and done.returncode == _REFUSED else f"it ends its process ({done.returncode})"
        raise Corrupt(f"{file.name} cannot be read: {why[:300]}", file=file.name)


def main(file: str) -> int:
    """Load and ask; the exit code, with the reason on stderr."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    try:
        session = session_of(Path(file).read_bytes())
        name, kind, rows, columns = shape_of(session)
        if columns is not None:
            block = np.zeros((rows or 64, columns), dtype=kind)
            for value in (0.0, -1e30, 1e30, np.nan):
                session.run(None, {name: np.full_like(block, value)})
    except Exception as error:  # noqa: BLE001 - whatever it is, the file is not loaded
        sys.stderr.write(" ".join(str(error).split()))
        return _REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
