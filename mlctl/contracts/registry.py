"""Finds plugins by entry point and loads one at a time: a plugin that is not asked for is never imported."""

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from mlctl.domain.errors import NotInstalled, PluginBroken

GROUPS = ("flavors", "detectors", "trackers", "remotes", "sources")


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
    return tuple(entry_points(group=f"mlctl.{group}"))
