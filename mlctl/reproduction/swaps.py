"""What can be swapped between two runs, one thing at a time, and what differs and cannot.

Things that only go together are one: an estimator and the parameters that only it has, a module that only one
run used and the changed modules that import it.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from mlctl.domain.requests.diff import Change
from mlctl.domain.used import FOLDER
from mlctl.project.session import Session
from mlctl.reproduction.differences import changes_between
from mlctl.reproduction.mixing import (
    Pair,
    Part,
    Side,
    content_of,
    context_of,
    inside,
    recorded_value,
    recorded_variables,
    value_of,
)
from mlctl.workspace.builds import COMPUTES
from mlctl.workspace.syntax import imports, statements

_MAKES = ("estimator", "build", "command")
_NO_EFFECT = {"data", "target", "task", "positive", "baseline"}
_ELSEWHERE = {"split", "exclude", "features", "eval"}
_ORDER = ("data", "rows", "spec", "parameter", "seed", "code", "file", "variable")


class Swap(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be swapped.

    Attributes:
        name: "parameter alpha"; of things that only go together, all of them.
        parts: that are swapped for it.
        changes: what differs.
    """

    name: str
    parts: frozenset[Part]
    changes: tuple[Change, ...]


def joined(swaps: Iterable[Swap]) -> Swap:
    """Several as one."""
    given = list(swaps)
    return Swap(
        name=" and ".join(one.name for one in given),
        parts=frozenset().union(*(one.parts for one in given)),
        changes=tuple(change for one in given for change in one.changes),
    )


def swaps_of(session: Session, pair: Pair) -> tuple[list[Swap], list[Change]]:
    """What can be swapped, and what differs besides."""
    changes = list(changes_between(session, pair.old.run, pair.new.run))
    found = [*_of_data(changes), *_of_rows(pair, changes), *_of_spec(pair, changes)]
    fixed: list[Change] = []
    if pair.old.used is not None and pair.new.used is not None:
        for swap in (*_of_code(pair), *_of_files(pair, changes), *_of_variables(pair)):
            if swap.parts:
                found.append(swap)
            else:
                fixed += swap.changes
        found = _with_users(pair, found)
    computing = COMPUTES | {name for side in (pair.old, pair.new) if side.used for name in side.used.packages}
    fixed += [one for one in changes if one.kind == "package" and one.name in computing]
    fixed += [one for one in changes if one.kind == "machine"]
    found.sort(key=lambda one: _ORDER.index(one.changes[0].kind))
    return _merged(found), fixed


def _of_data(changes: list[Change]) -> Iterator[Swap]:
    told = tuple(one for one in changes if one.kind == "data" and one.name.endswith("(train)"))
    if told:
        name = told[0].name.removesuffix(" (train)")
        yield Swap(name=f"data {name}", parts=frozenset({("data", "")}), changes=told)


def _of_rows(pair: Pair, changes: list[Change]) -> Iterator[Swap]:
    words = ("by", "test", "embargo", "column")
    told = tuple(
        one for one in changes if one.kind == "spec" and one.name in {f"split.{word}" for word in words}
    )
    if told:
        yield Swap(name="split", parts=frozenset({("rows", "split")}), changes=told)
    for name, keys in (("window", ("window", "apply_where")),):
        old, new = ({key: side.run.notes.get(key) for key in keys} for side in (pair.old, pair.new))
        if old != new:
            change = Change(kind="rows", name=name, old=old["window"], new=new["window"])
            yield Swap(name=name, parts=frozenset({("rows", "window")}), changes=(change,))
    before, after = (
        [list(side.version.key), list(side.version.time), list(context_of(side))]
        for side in (pair.old, pair.new)
    )
    if before != after:
        change = Change(kind="rows", name="key and time", old=before, new=after)
        yield Swap(name="key and time", parts=frozenset({("rows", "key")}), changes=(change,))


def _of_spec(pair: Pair, changes: list[Change]) -> Iterator[Swap]:
    makes = [one for one in changes if one.kind == "spec" and one.name in _MAKES]
    old, new = pair.old.spec, pair.new.spec
    bound = []  # parameters that only one of the estimators has
    for one in changes:
        if one.kind == "parameter":
            swap = Swap(
                name=f"parameter {one.name}", parts=frozenset({("parameter", one.name)}), changes=(one,)
            )
            if makes and (one.name in old.params) != (one.name in new.params):
                bound.append(swap)
            else:
                yield swap
    if makes:
        parts = frozenset(("spec", one.name) for one in makes)
        yield joined([Swap(name=makes[0].name, parts=parts, changes=tuple(makes)), *bound])
    yield from _of_columns(pair)
    for one in changes:
        top = one.name.partition(".")[0]
        if one.kind == "seed":
            yield Swap(name="seed", parts=frozenset({("seed", "")}), changes=(one,))
        elif one.kind == "spec" and top not in {*_MAKES, *_NO_EFFECT, *_ELSEWHERE}:
            yield Swap(name=f"spec {top}", parts=frozenset({("spec", top)}), changes=(one,))
    decision = tuple(one for one in changes if one.kind == "spec" and one.name.startswith("eval."))
    if decision:
        yield Swap(name="decision", parts=frozenset({("decision", "")}), changes=decision)


def _of_columns(pair: Pair) -> Iterator[Swap]:
    """Columns left out, and how features are treated, a column each."""
    old, new = pair.old.spec, pair.new.spec
    for name in sorted({*old.exclude} ^ {*new.exclude}):
        told = [name if name in one.exclude else None for one in (old, new)]
        change = Change(kind="spec", name="exclude", old=told[0], new=told[1])
        yield Swap(name=f"exclude {name}", parts=frozenset({("exclude", name)}), changes=(change,))
    for name in sorted({*old.features, *new.features}):
        one, other = old.features.get(name), new.features.get(name)
        if one != other:
            change = Change(
                kind="spec",
                name=f"features.{name}",
                old=msgspec.to_builtins(one),
                new=msgspec.to_builtins(other),
            )
            yield Swap(name=f"feature {name}", parts=frozenset({("feature", name)}), changes=(change,))


def _of_code(pair: Pair) -> Iterator[Swap]:
    """Modules of which a statement differs."""
    paths = [path for side in (pair.old, pair.new) for path in (side.used.modules if side.used else ())]
    for path in dict.fromkeys(paths):
        one, other = (_statements(side.folder / path) for side in (pair.old, pair.new))
        recorded = [side.used.modules.get(path) if side.used else None for side in (pair.old, pair.new)]
        told = Change(kind="code", name=path, old=_told(one, other), new=_told(other, one))
        if one != other and inside(path):
            yield Swap(name=f"code {path}", parts=frozenset({("path", path)}), changes=(told,))
        elif all(recorded) and recorded[0].statements != recorded[1].statements:  # type: ignore[union-attr] # both are there
            yield Swap(name="", parts=frozenset(), changes=(told,))


def _of_files(pair: Pair, changes: list[Change]) -> Iterator[Swap]:
    """Files that were read, or looked for."""
    data = pair.old.paths | pair.new.paths
    if any(side.used is not None and side.used.blind for side in (pair.old, pair.new)):
        data |= {"mlctl.toml", *(f"{path}.dvc" for path in data)}  # all files count; these say what others do
    for one in changes:
        path = one.name
        if one.kind != "file" or path in data or path == ".":
            continue
        places = [side.folder / path for side in (pair.old, pair.new)]
        if not inside(path) or content_of(places[0]) == content_of(places[1]):
            if one.old is not None and one.new is not None:
                yield Swap(name="", parts=frozenset(), changes=(one,))
            continue
        if str(one.old or one.new).startswith(FOLDER) or any(place.is_dir() for place in places):
            names = [{child.name for child in place.glob("*")} for place in places]
            parts = frozenset(("path", f"{path}/{name}") for name in names[0] ^ names[1])
        else:
            parts = frozenset({("path", path)})
        yield Swap(name=f"file {path}", parts=parts, changes=(one,))


def _of_variables(pair: Pair) -> Iterator[Swap]:
    for name in sorted(recorded_variables(pair.old) | recorded_variables(pair.new)):
        old, new = (recorded_value(side, name) for side in (pair.old, pair.new))
        if old is None or new is None or old == new:
            continue
        change = Change(kind="variable", name=name, old=old or None, new=new or None)
        known = all(value_of(name, digest)[0] for digest in (old, new))
        parts = frozenset({("variable", name)} if known else set[Part]())
        yield Swap(name=f"variable {name}", parts=parts, changes=(change,))


def _with_users(pair: Pair, swaps: list[Swap]) -> list[Swap]:
    """Join modules that one run alone used with the changed modules that import them there."""
    found = list(swaps)
    for side, other in ((pair.old, pair.new), (pair.new, pair.old)):
        own = set(side.used.modules if side.used else {})
        alone = own - set(other.used.modules if other.used else ())
        for path in sorted(alone):
            users = [one for one in own - {path} if path in _imported(side, one)]
            if side.spec.build is not None and path == side.spec.build.partition(":")[0]:
                found = _bound(found, ("path", path), {("spec", "build")})
            found = _bound(found, ("path", path), {("path", one) for one in users})
    return found


def _bound(swaps: list[Swap], part: Part, others: set[Part]) -> list[Swap]:
    """The swaps, that of a part joined with those of others."""
    together = [one for one in swaps if part in one.parts or one.parts & others]
    if len(together) < 2 or not any(part in one.parts for one in together):  # noqa: PLR2004 - itself and another
        return swaps
    place = swaps.index(together[0])
    rest = [one for one in swaps if one not in together]
    return [*rest[:place], joined(together), *rest[place:]]


def _merged(swaps: list[Swap]) -> list[Swap]:
    """Swaps that share a part, as one."""
    found: list[Swap] = []
    for swap in swaps:
        sharing = [one for one in found if one.parts & swap.parts]
        found = [one for one in found if one not in sharing]
        found.append(joined([*sharing, swap]) if sharing else swap)
    return found


def _imported(side: Side, path: str) -> set[str]:
    """Files of the project that a module imports, packages on the way as well."""
    try:
        source = (side.folder / path).read_bytes()
    except OSError:
        return set()
    found: set[str] = set()
    for name, level in imports(source):
        above = Path(path).parents[level - 1] if 0 < level <= len(Path(path).parents) else Path()
        words = [word for word in name.split(".") if word]
        for count in range(len(words) + 1):
            stem = above.joinpath(*words[:count])
            found |= {f"{stem}.py", (stem / "__init__.py").as_posix()}
    return found


def _statements(path: Path) -> tuple[str, ...] | None:
    try:
        return tuple(digest for digest, _ in statements(path.read_bytes()))
    except OSError:
        return None


def _told(own: tuple[str, ...] | None, other: tuple[str, ...] | None) -> str | None:
    if own is None:
        return None
    return f"{len(own)} statements, {len(set(own) - set(other or ()))} of its own"
