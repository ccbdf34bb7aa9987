"""Files of text that a command is asked to write."""

import os
from pathlib import Path


def write_text(path: Path, text: str) -> None:
    """Aside, flush, rename: a reader finds the old file or the whole new one."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.aside")
    try:
        with aside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
