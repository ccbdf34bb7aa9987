"""The writer of `.mlctl/config.toml`, the one file under `.mlctl/` that git tracks."""

from pathlib import Path
from typing import Any

import tomli_w

from mlctl.store.files import Files


def write_config(files: Files, path: Path, settings: dict[str, Any]) -> None:
    """Write a new `config.toml`; where another process has just written one, what it wrote stands."""
    files.claim(path, tomli_w.dumps(settings).encode())
