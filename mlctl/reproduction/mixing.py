"""Two recorded runs side by side, and what lies between: some parts of the second in place of the first's.

A part is a key of the spec, the data, a file of the work tree, a variable. A mixture is told by the parts
that are the new one's.
"""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import msgspec

from mlctl.domain.hybrid import Mixture
from mlctl.domain.ids import Digest
from mlctl.domain.model import ModelVersion
from mlctl.domain.requests.diff import Compared
from mlctl.domain.run import Run
from mlctl.domain.spec import ModelSpec
from mlctl.domain.used import Used
from mlctl.reproduction.clean_project import CleanProject
from mlctl.reproduction.differences import DECISION
from mlctl.training.uses import digest_of_value
from mlctl.workspace.clean_tree import copy_tree
from mlctl.workspace.environment import variables_at_start

Part = tuple[str, str]
"""(what, name): ("spec", key), ("parameter", name), ("feature", column), ("exclude", column), ("seed", ""),
("decision", ""), ("data", ""), ("rows", "split" | "window" | "key"), ("path", path), ("variable", name)."""

Parts = frozenset[Part]


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two runs.

    Attributes:
        told: what it is called.
        digest: of the version as it was tested.
        used: None where none of the project's code ran.
        paths: of the datasets that it read, relative to the project.
        clean: its project, as recorded.
    """

    told: Compared
    run: Run
    digest: Digest
    version: ModelVersion
    spec: ModelSpec
    used: Used | None
    paths: frozenset[str]
    clean: CleanProject

    @property
    def folder(self) -> Path:
        """The project's folder in the clean work tree."""
        return self.clean.pristine / self.clean.project


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Both runs."""

    old: Side
    new: Side

    @property
    def code_ran(self) -> bool:
        """Whether code of the project ran in either."""
        return self.old.used is not None or self.new.used is not None

    def side(self, parts: Parts, part: Part) -> Side:
        """Whose this part is in a mixture."""
        return self.new if part in parts else self.old

    def mixture(self, parts: Parts) -> Mixture:
        """What is learnt from, all but the code."""
        data = {use.role: use.digest for use in self.side(parts, ("data", "")).run.data if use.role != "test"}
        split = self.side(parts, ("rows", "split")).run
        data |= {use.role: use.digest for use in split.data if use.role == "test"}
        window = self.side(parts, ("rows", "window")).run.notes
        named = self.side(parts, ("rows", "key"))
        return Mixture(
            spec=self._spec(parts),
            data=data,
            key=named.version.key,
            time=named.version.time,
            context=context_of(named),
            window=window.get("window"),
            apply_where=bool(window.get("apply_where", True)),
        )

    def _spec(self, parts: Parts) -> ModelSpec:
        old, new = (msgspec.to_builtins(side.spec) for side in (self.old, self.new))
        made: dict[str, Any] = {**old, "params": dict(old["params"]), "features": dict(old["features"])}
        exclude = dict.fromkeys(old["exclude"])
        for what, name in sorted(parts):
            if what == "spec":
                made[name] = new[name]
            elif what in {"parameter", "feature"}:
                key = "params" if what == "parameter" else "features"
                made[key].pop(name, None)
                made[key] |= {name: new[key][name]} if name in new[key] else {}
            elif what == "exclude":
                exclude.pop(name, None)
                exclude |= {name: None} if name in new["exclude"] else {}
            elif (what, name) == ("rows", "split"):
                made["split"] = new["split"]
            elif what == "decision":
                made["eval"] = made["eval"] | {key: new["eval"][key] for key in DECISION}
            elif what == "seed":
                made["seed"] = new["seed"]
        made["exclude"] = list(exclude)
        return msgspec.convert(made, ModelSpec)

    def place(self, parts: Parts, path: str) -> Path:
        """Where a file of the project stands for a mixture, in one of the two clean work trees."""
        if self.old.used is None or self.new.used is None:
            return (self.new if self.old.used is None else self.old).folder / path
        part = ("data", "") if path in self.old.paths | self.new.paths else ("path", path)
        return self.side(parts, part).folder / path

    def write(self, parts: Parts, target: Path) -> Path:
        """Make a work tree of a mixture, whatever the folder held; the project's folder in it."""
        base = self.new if self.old.used is None else self.old
        copy_tree(base.clean.pristine, target)
        folder = target / base.clean.project
        if base is self.new or self.new.used is None:
            return folder
        moved = {name for what, name in parts if what == "path"}
        moved |= self.old.paths | self.new.paths if ("data", "") in parts else set()
        for path in sorted(moved):
            source, place = self.new.folder / path, folder / path
            if source.is_file():
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, place)
            elif path not in self.old.paths:
                place.unlink(missing_ok=True)
        return folder

    def variables(self, parts: Parts) -> dict[str, str | None]:
        """Values that the mixture's process is to see, None where none is set; unknown ones left out."""
        found = {}
        for name in sorted(recorded_variables(self.old) | recorded_variables(self.new)):
            own = self.side(parts, ("variable", name))
            digest = recorded_value(own, name)
            if digest is None:
                digest = recorded_value(self.new if own is self.old else self.old, name)
            known, value = value_of(name, digest or "")
            if known:
                found[name] = value
        return found

    def paths(self) -> list[str]:
        """All files of the project that either has used."""
        found = set(self.old.paths | self.new.paths)
        for side in (self.old, self.new):
            if side.used is not None:
                found |= {path for path in (*side.used.modules, *side.used.files) if inside(path)}
        return sorted(found)

    def state(self) -> str:
        """A digest of all those files in both clean work trees."""
        hasher = hashlib.sha256()
        for path in self.paths() if self.code_ran else ():
            for side in (self.old, self.new):
                hasher.update(f"{path}\0{content_of(side.folder / path)}\0".encode())
        return hasher.hexdigest()


def context_of(side: Side) -> tuple[str, ...]:
    """The columns that came along without being features."""
    return tuple(side.run.notes.get("context", (*side.version.key, *side.version.time)))


def recorded_variables(side: Side) -> set[str]:
    """Names of the variables that a run has read."""
    return set(side.used.variables) | set(side.used.settings) if side.used is not None else set()


def recorded_value(side: Side, name: str) -> str | None:
    """The digest of a variable's value; "" where it was not set, None where it was not read."""
    if side.used is None:
        return None
    absent = "" if side.used.everything else None  # of all that a program was given
    return side.used.variables.get(name, side.used.settings.get(name, absent))


def value_of(name: str, digest: str) -> tuple[bool, str | None]:
    """Whether a variable's value is known, and it: records keep no values, so it must be that of now."""
    if digest == "":
        return True, None
    for value in (os.environ.get(name), variables_at_start().get(name)):
        if value is not None and digest_of_value(value) == digest:
            return True, value
    return False, None


def inside(path: str) -> bool:
    """Whether it is a path below the project."""
    return not Path(path).is_absolute() and ".." not in Path(path).parts and path != "."


def content_of(path: Path) -> str:
    """A digest of a file's bytes; "absent", or "folder" and the names in it."""
    if path.is_dir():
        return f"folder {sorted(one.name for one in path.iterdir())}"
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return "absent"
