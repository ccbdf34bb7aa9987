"""Reports of mlctl's own failures under `.mlctl/crashes/`; disposable, never part of the record."""

from pathlib import Path

from mlctl.store.layout import FOLDER

_CRASHES = "crashes"


def write_report(start: Path, name: str, text: str) -> Path | None:
    """Keep a report in the repository of this folder or above it; None where there is none.

    Raises:
        OSError: the report cannot be written.
    """
    for folder in (start, *start.parents):
        store = folder / FOLDER
        if store.is_dir():
            path = store / _CRASHES / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return path
    return None
