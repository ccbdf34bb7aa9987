"""The project's own code that travels with a model: which modules those are, and how they are run again.

Modules are run from the sources that the model carries, under names of their own, whatever the project's
files say by then: two versions of a model with different code serve side by side.
"""

import builtins
import contextlib
import hashlib
import importlib.util
import json
import re
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

from mlctl.domain.errors import Corrupt, MlctlError, PredictionFailed, Untrusted
from mlctl.learning.extras import not_installed
from mlctl.workspace.syntax import imports

MANIFEST = "code.json"
FOLDER = "code"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")


def gathered(estimator: Any, root: Path | None) -> dict[str, bytes]:
    """The sources of the estimator's class and of all that they import of the project, with a manifest.

    Args:
        estimator: of a class of the user's own.
        root: the project; where it is None the folder that one stands in, or that of the class's file.

    Raises:
        Untrusted: the class stands in no file of the project.
    """
    kind = type(estimator)
    file = getattr(sys.modules.get(kind.__module__), "__file__", None) or _file_of(kind)
    path = Path(file).resolve() if file else None
    here = Path.cwd()
    root = (root or (here if path is None or path.is_relative_to(here.resolve()) else path.parent)).resolve()
    inside = path is not None and path.suffix == ".py" and path.is_relative_to(root)
    if path is None or not inside or "site-packages" in path.parts:
        raise Untrusted(
            f"no installed flavor stores a {kind.__module__}.{kind.__qualname__}, and it is no class of the "
            "project's own code, which could travel with the model",
            "mlctl spec explain",
            estimator=f"{kind.__module__}.{kind.__qualname__}",
        )
    modules = {kind.__module__: path}
    todo = [(kind.__module__, path)]
    while todo:
        name, place = todo.pop()
        for other, found in _imported(name, place, root):
            if other not in modules:
                modules[other] = found
                todo.append((other, found))
    places = {name: found.relative_to(root).as_posix() for name, found in modules.items()}
    sources = {f"{FOLDER}/{place}": (root / place).read_bytes() for place in places.values()}
    manifest = json.dumps(places, sort_keys=True, indent=1).encode("ascii")
    return {MANIFEST: manifest, **sources}


def _file_of(kind: type) -> str | None:
    """The file of a class whose module is no longer there, by the code of one of its methods."""
    codes = (getattr(one, "__code__", None) for one in vars(kind).values())
    return next((code.co_filename for code in codes if code is not None), None)


def _imported(name: str, path: Path, root: Path) -> list[tuple[str, Path]]:
    """Modules of the project that a source imports, packages around them included."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found: dict[str, Path] = {}
    for other, level in imports(path.read_bytes()):
        if level:
            above = package.split(".")[: len(package.split(".")) - level + 1] if package else []
            full = ".".join([*above, *([other] if other else [])])
        else:
            full = other
        parts = full.split(".")
        for length in range(1, len(parts) + 1):
            one = ".".join(parts[:length])
            file = _file_named(one, root) if all(parts) else None
            if file is not None:
                found[one] = file
    return list(found.items())


def _file_named(name: str, root: Path) -> Path | None:
    """The project's file of a module: by its name from the root, or where it was imported from."""
    place = root.joinpath(*name.split("."))
    loaded = getattr(sys.modules.get(name), "__file__", None)
    for file in (place / "__init__.py", place.with_suffix(".py"), *([Path(loaded)] if loaded else [])):
        if file.suffix == ".py" and file.is_file():
            whole = file.resolve()
            if whole.is_relative_to(root) and "site-packages" not in whole.parts:
                return whole
    return None


def digest_of_code(files: Mapping[str, str]) -> str:
    """One name for the code of a model, of its artefacts' names and digests; "" where it carries none."""
    code = sorted((name, digest) for name, digest in files.items() if is_code(name))
    return hashlib.sha256(json.dumps(code).encode()).hexdigest() if code else ""


def is_code(name: str) -> bool:
    """Whether an artefact of this name belongs to the code."""
    return name == MANIFEST or name.startswith(f"{FOLDER}/")


class Carried:
    """The modules of a model's own code; each is run when it is first asked for.

    Args:
        folder: with the verified files; all is read at once.
    """

    def __init__(self, folder: Path) -> None:
        self._places = _places(folder)
        self._sources = {place: (folder / FOLDER / place).read_bytes() for place in self._places.values()}
        digests = {place: hashlib.sha256(source).hexdigest() for place, source in self._sources.items()}
        named = json.dumps([self._places, digests], sort_keys=True)
        self._prefix = f"mlctl_code_{hashlib.sha256(named.encode()).hexdigest()[:16]}"
        self._builtins = {**vars(builtins), "__import__": self._import, "print": _print}

    def __call__(self, module: str, name: str) -> Any:
        """What stands under a name in a module.

        Raises:
            Corrupt: there is no such module or name, or what stands there is imported from elsewhere.
            NotInstalled, PredictionFailed: the code needs what is not there, or raised.
        """
        if module not in self._places:
            raise Corrupt(f"{MANIFEST} names no module {module[:60]!r}", file=MANIFEST)
        try:
            with contextlib.redirect_stdout(sys.stderr):
                found: Any = self._module(module)
                for part in name.split("."):
                    found = getattr(found, part)
        except MlctlError:
            raise
        except AttributeError as error:
            raise Corrupt(f"{self._places[module]} has no {name[:60]!r}: {error}", file=MANIFEST) from error
        except ModuleNotFoundError as error:
            raise not_installed(str(error.name), "the model's own code") from error
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            raise PredictionFailed(
                f"the model's own code failed ({last.filename}, line {last.lineno}): "
                f"{type(error).__name__}: {error}",
            ) from error
        if getattr(found, "__module__", None) != f"{self._prefix}.{module}":
            raise Corrupt(
                f"{name[:60]} of {self._places[module]} is not of the model's own code", file=MANIFEST
            )
        return found

    def _module(self, name: str) -> ModuleType:
        known = sys.modules.get(f"{self._prefix}.{name}")
        if known is not None:
            return known
        place = self._places[name]
        made = ModuleType(f"{self._prefix}.{name}")
        packaged = PurePosixPath(place).name == "__init__.py"
        made.__package__ = made.__name__ if packaged else made.__name__.rpartition(".")[0]
        made.__file__ = place
        if packaged:
            made.__path__ = []
        vars(made)["__builtins__"] = self._builtins
        sys.modules[made.__name__] = made
        try:
            exec(compile(self._sources[place], place, "exec", dont_inherit=True), vars(made))  # noqa: S102 - code that its user has let run
        except BaseException:
            del sys.modules[made.__name__]
            raise
        parent, _, own = name.rpartition(".")
        if parent in self._places:
            setattr(self._module(parent), own, made)
        return made

    def _import(
        self,
        name: str,
        globals_: Mapping[str, Any] | None = None,
        locals_: Mapping[str, Any] | None = None,
        fromlist: tuple[str, ...] = (),
        level: int = 0,
    ) -> Any:
        """`__import__` of these modules: the model's own first, then whatever is installed."""
        full = name
        if level:
            package = str((globals_ or {}).get("__package__") or "")
            full = importlib.util.resolve_name("." * level + name, package).removeprefix(f"{self._prefix}.")
        top = full.partition(".")[0]
        if top not in self._places:
            return __import__(name, globals_, locals_, fromlist, level)
        parts = full.split(".")
        for length in range(1, len(parts) + 1):
            one = ".".join(parts[:length])
            if one not in self._places:
                raise ModuleNotFoundError(f"no module {one!r} came with the model", name=one)
            self._module(one)
        if not fromlist:
            return self._module(top)
        for one in fromlist:
            if f"{full}.{one}" in self._places:
                self._module(f"{full}.{one}")
        return self._module(full)


def _print(*values: Any, file: Any = None, **options: Any) -> None:
    """`print` of these modules: stdout is for answers."""
    print(*values, file=sys.stderr if file is None else file, **options)


def _places(folder: Path) -> dict[str, str]:
    """Modules and the places of their sources, each of which is there.

    Raises:
        Untrusted: no code came with the model. Corrupt: the manifest is damaged.
    """
    if not (folder / MANIFEST).is_file():
        raise Untrusted("the model is of a class of someone's own, and its code did not come with it")
    try:
        told = json.loads((folder / MANIFEST).read_bytes())
    except (ValueError, RecursionError) as error:
        raise Corrupt(f"{MANIFEST} cannot be read: {error}", file=MANIFEST) from error
    plain = isinstance(told, dict) and all(
        _NAME.fullmatch(name)
        and isinstance(place, str)
        and _stays(place)
        and (folder / FOLDER / place).is_file()
        for name, place in told.items()
    )
    if not plain:
        raise Corrupt(f"{MANIFEST} names modules whose sources are not there", file=MANIFEST)
    return dict(told)


def _stays(place: str) -> bool:
    parts = PurePosixPath(place)
    return place.endswith(".py") and not parts.is_absolute() and ".." not in parts.parts
