"""From the spec to an estimator: an import path, or a function in the user's project that builds one."""

import importlib
import importlib.util
import inspect
import shlex
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from mlctl.domain.errors import MlctlError, TrainingFailed, UsageError
from mlctl.domain.nearest import nearest
from mlctl.domain.spec import ModelSpec
from mlctl.learning.aims import aimed, check_aim
from mlctl.learning.extras import EXTRAS, not_installed
from mlctl.learning.from_source import Compiled
from mlctl.learning.steady import seeded

_HINT = "mlctl spec explain"


def make_estimator(spec: ModelSpec, root: Path, task: str, seed: int) -> Any:
    """An unfitted estimator with the spec's parameters; every `random_state` that is not given is the seed.

    One that is known to answer quantiles is told which, where its parameters do not say so.

    Args:
        spec: names it.
        root: the project, where the user's own modules are found.
        task: chooses the default estimator where the spec names none.
        seed: for what is random in it.

    Raises:
        UsageError: the path has no such name, a parameter is unknown, or it aims at another quantile.
        NotInstalled: the package is not there.
        TrainingFailed: the user's code raised.
    """
    with importing_from(root), users_code("building the estimator", root):
        if spec.build is not None:
            maker, known = _function(spec.build, root), None
        else:
            maker = _imported(path_of(spec, task))
            known = _parameters(maker)
        if known is not None:
            _refuse_unknown(spec.params, known, path_of(spec, task))
        given = spec.params
        if spec.build is None:
            given = aimed(path_of(spec, task).rpartition(":")[2], given, spec.quantile)
        estimator = maker(**given)
    if not (hasattr(estimator, "fit") and hasattr(estimator, "predict")):
        raise UsageError(
            f"{path_of(spec, task)} gives a {type(estimator).__name__}, which has no fit and predict", _HINT
        )
    check_aim(estimator, spec.quantile)
    return seeded(estimator, spec.params, seed)


def path_of(spec: ModelSpec, task: str) -> str:
    """The import path as the record keeps it."""
    kind = "Regressor" if task == "regression" else "Classifier"
    if spec.command is not None:
        return shlex.join(spec.command)
    return spec.build or spec.estimator or f"sklearn.ensemble:HistGradientBoosting{kind}"


def parameters_of(estimator: Any) -> dict[str, Any]:
    """The estimator's parameters as JSON can hold them; nested estimators by their class name."""
    if not hasattr(estimator, "get_params"):
        return {}
    return {name: _plain(value) for name, value in sorted(estimator.get_params(deep=True).items())}


@contextmanager
def importing_from(root: Path) -> Iterator[None]:
    """Imports inside see the project's modules first."""
    entry = str(root)
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        sys.path.remove(entry)


@contextmanager
def users_code(doing: str, root: Path) -> Iterator[None]:
    """Whatever the code inside raises becomes a TrainingFailed that names the user's own line, if any."""
    try:
        yield
    except MlctlError:
        raise
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name in EXTRAS:
            raise not_installed(error.name, doing) from error
        where = next(
            (
                f" ({Path(frame.filename).relative_to(root)}, line {frame.lineno})"
                for frame in reversed(traceback.extract_tb(error.__traceback__))
                if Path(frame.filename).is_relative_to(root) and "site-packages" not in frame.filename
            ),
            "",
        )
        raise TrainingFailed(
            f"{doing} failed{where}: {type(error).__name__}: {error}",
            "mlctl runs",
            error=type(error).__name__,
        ) from error


def _imported(path: str) -> Any:
    module_name, _, name = path.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        missing = str(error.name)
        if module_name == missing or module_name.startswith(f"{missing}."):
            raise not_installed(missing, f"estimator {path!r}") from None
        raise
    return _attribute(module, name, path)


def _function(build: str, root: Path) -> Any:
    file, _, name = build.partition(":")
    path = root / file
    if not path.is_file():
        raise UsageError(f"build = {build!r}: {file} is not a file of the project", _HINT, path=file)
    if path.suffix != ".py":
        raise UsageError(f"build = {build!r}: {file} is not a Python file", _HINT, path=file)
    module_name = f"mlctl_build_{path.stem}"
    loader = Compiled(module_name, str(path))
    spec = importlib.util.spec_from_file_location(module_name, path, loader=loader)
    assert spec is not None  # noqa: S101 - there is a loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    loader.exec_module(module)
    return _attribute(module, name, build)


def _attribute(module: ModuleType, name: str, path: str) -> Any:
    found = getattr(module, name, None)
    if callable(found):
        return found
    near = nearest(name, [other for other in dir(module) if not other.startswith("_")])
    guess = f"; did you mean {near!r}?" if near else ""
    raise UsageError(f"{path!r}: {module.__name__} has no {name!r} to call{guess}", _HINT, nearest=near)


def _parameters(maker: Any) -> set[str] | None:
    """Names of the parameters, or None where it takes any."""
    try:
        parameters = inspect.signature(maker).parameters.values()
    except ValueError:  # some builtins don't tell
        return None
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
        return None
    return {parameter.name for parameter in parameters}


def _refuse_unknown(given: Mapping[str, Any], known: set[str], path: str) -> None:
    unknown = sorted(set(given) - known)
    if not unknown:
        return
    said = []
    for name in unknown:
        near = nearest(name, known)
        said.append(f"{name!r}" + (f" (did you mean {near!r}?)" if near else ""))
    raise UsageError(
        f"{path} has no parameter {', '.join(said)}; it has: {', '.join(sorted(known))}",
        _HINT,
        unknown=unknown,
    )


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return type(value).__name__
