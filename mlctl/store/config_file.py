"""The writer of `.mlctl/config.toml`, the one file under `.mlctl/` that git tracks."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tomli_w

from mlctl.store.files import Files


def write_config(files: Files, path: Path, settings: dict[str, Any]) -> None:
    """Write a new `config.toml`; where another process has just written one, what it wrote stands."""
    files.claim(path, tomli_w.dumps(settings).encode())


def change_config(files: Files, path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Write `config.toml` with a change; comments in it are lost, everything else stays."""
    settings = tomllib.loads(path.read_text(encoding="utf-8"))
    change(settings)
    files.replace(path, tomli_w.dumps(settings).encode())
