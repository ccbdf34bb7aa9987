"""The remotes of `.mlctl/config.toml` (tracked by git, no credentials) and `config.local.toml` (private).

[remotes.origin]
url = "s3://bucket/project"     # or a path, relative to the project
default = true

Any other key is an option of the remote, as DVC names it; the private file wins key by key.
"""

import os
import tomllib
from pathlib import Path
from typing import Any

from mlctl.domain.errors import UsageError
from mlctl.domain.remote import SECRET, RemoteSetting
from mlctl.store.layout import Layout

LOCAL = "config.local.toml"


def read_remotes(layout: Layout) -> tuple[dict[str, RemoteSetting], str | None]:
    """(remotes by name, name of the default one): the one marked so, or the only one.

    Raises:
        UsageError: a file is no TOML, a remote has no URL, or credentials stand in the tracked file.
    """
    merged: dict[str, dict[str, Any]] = {}
    for path in (layout.config, layout.config.with_name(LOCAL)):
        for name, options in _remotes(path).items():
            merged[name] = {**merged.get(name, {}), **options}
    found = {name: _setting(layout, name, options) for name, options in merged.items()}
    candidates = [name for name, options in merged.items() if options.get("default") is True] or [*found]
    return found, candidates[0] if len(candidates) == 1 else None


def _remotes(path: Path) -> dict[str, dict[str, Any]]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}", path=str(path)) from error
    remotes = document.get("remotes", {})
    if not isinstance(remotes, dict) or not all(isinstance(options, dict) for options in remotes.values()):
        raise UsageError(f"{path}: remotes are tables: [remotes.NAME]", path=str(path))
    if path.name != LOCAL:
        for name, options in remotes.items():
            secret = sorted(SECRET & set(options))
            if secret:
                raise UsageError(
                    f"{path}: remotes.{name}.{secret[0]} gives access and git tracks this file: "
                    f"it belongs into {path.with_name(LOCAL)}",
                    path=str(path),
                    option=secret[0],
                )
    return remotes


def _setting(layout: Layout, name: str, options: dict[str, Any]) -> RemoteSetting:
    url = options.get("url")
    if not isinstance(url, str) or not url:
        raise UsageError(f"{layout.config}: remotes.{name} has no url", path=str(layout.config), remote=name)
    if "://" not in url:
        url = os.path.normpath(layout.store.parent.absolute() / Path(url).expanduser())
    rest = {
        key: str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in options.items()
        if key not in {"url", "default"}
    }
    return RemoteSetting(name=name, url=url, options=rest)
