"""Files of text that a command is asked to write."""

import os
from pathlib import Path

from mlctl.domain.errors import NotFound, UsageError


def write_text(path: Path, text: str) -> None:
    """Aside, flush, rename: a reader finds the old file or the whole new one.

    Raises:
        NotFound: its folder does not exist. UsageError: it is a folder itself.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder, not a file", f"ls {path}")
    if not path.parent.is_dir():
        raise NotFound(f"folder {path.parent} does not exist", f"mkdir -p {path.parent}")
    aside = path.with_name(f".{path.name}.{os.getpid()}.aside")
    try:
        with aside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
