"""Appends each decision to a file, one JSON object a line.

Options: `path`, relative to the project; "decisions.jsonl" by default.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from mlctl.domain.errors import InvalidName

DEFAULT = "decisions.jsonl"


class JsonLinesTracker:
    """One write(2) with O_APPEND a decision, so that several processes do not mix their lines."""

    name = "jsonl"

    def tell(self, event: Mapping[str, Any], options: Mapping[str, Any]) -> None:
        """Append the event.

        Raises:
            InvalidName: the path leads out of the project (the configuration may be another person's).
            OSError: the file cannot be written.
        """
        root = Path(os.path.realpath(str(options.get("root", "."))))
        given = str(options.get("path", DEFAULT))
        path = Path(os.path.realpath(root / given))
        if root not in path.parents:
            raise InvalidName(f"path {given!r} of the jsonl tracker leads out of the project", path=given)
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.write(descriptor, msgspec.json.encode(event, enc_hook=str) + b"\n")
        finally:
            os.close(descriptor)
