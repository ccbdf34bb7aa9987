"""Finds plugins by entry point and loads one at a time: a plugin that is not asked for is never imported.

The entry points are read from where installers write them; `importlib.metadata` finds the same, in ten times
the time that the rest of a push of nothing takes.
"""

import os
import sys
from collections.abc import Iterator
from importlib import import_module
from operator import attrgetter
from typing import Any

import msgspec

from mlctl.domain.errors import NotInstalled, PluginBroken

GROUPS = ("flavors", "detectors", "trackers", "remotes", "sources")


class EntryPoint(msgspec.Struct, frozen=True):
    """A line of an `entry_points.txt`: what a package offers under a name."""

    name: str
    value: str

    def load(self) -> Any:
        """The object at `module:attribute`."""
        module, _, attribute = self.value.partition("[")[0].strip().partition(":")
        found = import_module(module.strip())
        return attrgetter(attribute.strip())(found) if attribute else found


def names(group: str) -> tuple[str, ...]:
    """The names of the installed plugins of a group, sorted."""
    return tuple(sorted({point.name for point in _points(group)}))


def load(group: str, name: str) -> Any:
    """One plugin, constructed without arguments.

    Raises:
        NotInstalled: no installed package offers it, or it needs one that is not there.
        PluginBroken: it failed to import or to construct.
    """
    for point in _points(group):
        if point.name == name:
            try:
                return point.load()()
            except ModuleNotFoundError as error:
                raise NotInstalled(
                    f"plugin {name!r} of group mlctl.{group} needs the package {error.name}",
                    f"pip install 'mlctl[{name}]'",
                    group=group,
                    plugin=name,
                    package=error.name,
                ) from error
            except Exception as error:
                raise PluginBroken(
                    f"plugin {name!r} of group mlctl.{group} ({point.value}) failed to load: {error}",
                    group=group,
                    plugin=name,
                ) from error
    known = ", ".join(names(group)) or "none"
    raise NotInstalled(
        f"no installed package offers {name!r} in group mlctl.{group}; installed: {known}",
        group=group,
        plugin=name,
    )


def _points(group: str) -> tuple[EntryPoint, ...]:
    return tuple(entry_points(f"mlctl.{group}"))


def entry_points(group: str) -> Iterator[EntryPoint]:
    """The entry points of a group; of a package that is installed twice those that Python would import."""
    seen: set[str] = set()
    for folder in dict.fromkeys(sys.path):
        try:
            found = os.listdir(folder or ".")  # noqa: PTH208 - a hundred packages are looked through
        except OSError:
            continue
        for name in found:
            package, _, kind = name.rpartition(".")
            project = package.partition("-")[0].lower().replace("_", "-").replace(".", "-")
            if kind not in {"dist-info", "egg-info"} or project in seen:
                continue
            seen.add(project)
            try:
                with open(f"{folder or '.'}/{name}/entry_points.txt", encoding="utf-8") as file:  # noqa: PTH123 - as above
                    text = file.read()
            except (OSError, UnicodeDecodeError):
                continue
            yield from _section(text, group)


def _section(text: str, group: str) -> Iterator[EntryPoint]:
    inside = False
    for line in text.splitlines() if group in text else ():
        plain = line.strip()
        if plain.startswith("["):
            inside = plain == f"[{group}]"
        elif inside and "=" in plain and not plain.startswith(("#", ";")):
            name, _, value = plain.partition("=")
            yield EntryPoint(name.strip(), value.strip())
