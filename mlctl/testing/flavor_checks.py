"""What every flavor must hold; authors of plugins call `check_flavor` in a test of their own.

Plain functions that raise AssertionError with a sentence; nothing here needs a test framework.
"""

import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np

from mlctl.contracts.flavor import Flavor, Predictor
from mlctl.domain.errors import Corrupt, Untrusted

_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_THREADS = 4
_ROUNDING = 1e-12


def check_flavor(flavor: Flavor, estimator: Any, matrix: Any, task: str, classes: int = 0) -> None:
    """Every promise of `contracts.flavor.Flavor` and `Predictor`, for one fitted estimator.

    Args:
        flavor: accepts the estimator.
        estimator: fitted; class targets are 0 to `classes` - 1.
        matrix: float64 rows to predict, at least 40.
        task: "regression", "binary" or "multiclass".
        classes: 0 for a regression.

    Raises:
        AssertionError: the flavor breaks a promise; the message says which.
    """
    _hold(flavor.accepts(estimator), f"{flavor.name} does not accept {type(estimator).__name__}")
    options = {"task": task, "classes": classes, "code": _loaded_class}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = flavor.save(estimator, folder)
        check_files(flavor, folder, files)
        predictor = flavor.load(folder, options)
        check_answers(predictor, estimator, matrix, task, classes)
        check_batches(predictor, matrix)
        check_threads(predictor, matrix)
        check_a_second_load(predictor, flavor.load(folder, options), matrix)
        for file in files:
            check_damage(lambda: flavor.load(folder, options), folder / file)


def check_files(flavor: Flavor, folder: Path, files: tuple[str, ...]) -> None:
    """The files named are the files written, inside the folder, and none is a pickle."""
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    _hold(written == set(files), f"{flavor.name} names {sorted(files)} and wrote {sorted(written)}")
    for name in files:
        data = (folder / name).read_bytes()
        _hold(not data.startswith(_PICKLES), f"{flavor.name} wrote a pickle: {name}")


def check_answers(predictor: Predictor, estimator: Any, matrix: Any, task: str, classes: int) -> None:
    """What is read back answers as what was saved, up to rounding, in the contract's shapes and types."""
    output = predictor.predict(matrix)
    wanted = np.float64 if task == "regression" else np.int64
    _hold(output.shape == (len(matrix),), f"predict gives shape {output.shape} for {len(matrix)} rows")
    _hold(output.dtype == wanted, f"predict gives {output.dtype} for a {task}")
    same = np.allclose(output, np.asarray(estimator.predict(matrix)).ravel(), rtol=_ROUNDING, atol=_ROUNDING)
    _hold(same, "a loaded model answers differently from the one that was saved")
    probabilities = predictor.probabilities(matrix)
    if task == "regression":
        _hold(probabilities is None, "a regression has no probabilities")
    elif probabilities is not None:
        _hold(probabilities.shape == (len(matrix), classes), f"probabilities of shape {probabilities.shape}")
        _hold(bool(np.allclose(probabilities.sum(axis=1), 1)), "probabilities of a row do not sum to 1")
        own = np.asarray(estimator.predict_proba(matrix))
        if own.shape == probabilities.shape:
            same = np.allclose(probabilities, own, rtol=_ROUNDING, atol=_ROUNDING)
            _hold(same, "a loaded model's probabilities differ from the saved one's")


def check_batches(predictor: Predictor, matrix: Any) -> None:
    """A row gets the same answer bit for bit alone, in a small batch and in a large one."""
    whole = _answers(predictor, matrix)
    for size in (1, 3, 17):
        for start in range(0, min(len(matrix), 40), size):
            part = _answers(predictor, matrix[start : start + size])
            same = np.array_equal(part, whole[start : start + size])
            _hold(
                same, f"rows {start} to {start + size - 1} get other answers alone than among {len(matrix)}"
            )


def check_threads(predictor: Predictor, matrix: Any) -> None:
    """Calls from several threads at once do not disturb each other."""
    whole = _answers(predictor, matrix)
    rows = list(range(len(matrix))) * 2
    with ThreadPoolExecutor(_THREADS) as pool:
        found = list(pool.map(lambda row: _answers(predictor, matrix[row : row + 1])[0], rows))
    same = all(np.array_equal(answer, whole[row]) for row, answer in zip(rows, found, strict=True))
    _hold(same, "rows get other answers when several threads ask")


def check_a_second_load(first: Predictor, second: Predictor, matrix: Any) -> None:
    """Loading twice gives two models that answer alike, and asking one changes nothing for the other."""
    before = _answers(second, matrix)
    _answers(first, matrix[::-1])
    _hold(np.array_equal(before, _answers(second, matrix)), "asking one loaded model changed another")
    _hold(np.array_equal(before, _answers(first, matrix)), "two loads of one file answer differently")


def check_damage(load: Callable[[], Predictor], file: Path) -> None:
    """A file that is cut short, empty or no such file at all is refused as Corrupt or Untrusted."""
    kept = file.read_bytes()
    for damaged in (b"", kept[: len(kept) // 2], b"\x00" * 64, b"{}"):
        file.write_bytes(damaged)
        try:
            load()
        except (Corrupt, Untrusted):
            continue
        except Exception as error:
            message = f"{file.name} with {len(damaged)} bytes raised {type(error).__name__}: {error}"
            raise AssertionError(message) from error
        finally:
            file.write_bytes(kept)
        _hold(holds=False, message=f"{file.name} cut to {len(damaged)} bytes was loaded")


def _loaded_class(module: str, name: str) -> Any:
    """A class of the user's own, from the module that this process has loaded it from."""
    _hold(module in sys.modules, f"there is no module {module}")
    return attrgetter(name)(sys.modules[module])


def _answers(predictor: Predictor, matrix: Any) -> Any:
    """Outputs and probabilities side by side, one row a row."""
    output = np.asarray(predictor.predict(matrix), dtype=np.float64)[:, None]
    probabilities = predictor.probabilities(matrix)
    return output if probabilities is None else np.hstack([output, probabilities])


def _hold(holds: bool, message: str) -> None:
    if not holds:
        raise AssertionError(message)
