"""Plugins by entry point."""

import importlib.metadata
import sys

import pytest

from mlctl.contracts.registry import GROUPS, entry_points, load, names
from mlctl.domain.errors import NotInstalled, PluginBroken


@pytest.mark.parametrize("group", ["console_scripts", "pytest11", *(f"mlctl.{name}" for name in GROUPS)])
def test_what_is_found_is_what_pythons_own_library_finds(group):
    theirs = {(point.name, point.value) for point in importlib.metadata.entry_points(group=group)}
    assert {(point.name, point.value) for point in entry_points(group)} == theirs


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Installs a package with these entry points, first on the path."""

    def act(text, name="stranger-1.0.dist-info", code="class Plugin:\n    pass\n"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "entry_points.txt").write_text(text)
        (tmp_path / "stranger_plugin.py").write_text(code)
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "stranger_plugin", raising=False)

    return act


def test_a_strangers_plugin_is_found_and_constructed(installed):
    installed("# mine\n[mlctl.remotes]\nftp = stranger_plugin:Plugin [fast]\n\n[other]\nx = y:z\n")
    assert "ftp" in names("remotes")
    assert type(load("remotes", "ftp")).__name__ == "Plugin"


def test_of_a_package_that_is_there_twice_the_first_counts(installed, tmp_path, monkeypatch):
    installed("[mlctl.remotes]\nftp = stranger_plugin:Plugin\n")
    other = tmp_path / "later"
    (other / "Stranger-0.9.dist-info").mkdir(parents=True)
    (other / "Stranger-0.9.dist-info/entry_points.txt").write_text("[mlctl.remotes]\nold = gone:Plugin\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(other)])
    assert "old" not in names("remotes")


def test_a_plugin_that_fails_is_told_with_its_name(installed):
    installed(
        "[mlctl.remotes]\nftp = stranger_plugin:Plugin\nodd = stranger_plugin:None_\n", code="raise OSError\n"
    )
    with pytest.raises(PluginBroken, match="ftp"):
        load("remotes", "ftp")


def test_a_library_that_is_missing_is_told_with_what_to_install(installed):
    installed("[mlctl.remotes]\nftp = stranger_plugin:Plugin\n", code="import no_such_library\n")
    with pytest.raises(NotInstalled, match="no_such_library") as caught:
        load("remotes", "ftp")
    assert caught.value.hints == ("pip install 'mlctl[ftp]'",)


def test_a_plugin_that_nobody_offers_is_told_with_those_there_are():
    with pytest.raises(NotInstalled, match=r"installed: .*file"):
        load("remotes", "nobody")
