"""How many files a folder has, and how large: counted aside, so that a long step can say what is left."""

import os
import threading
from pathlib import Path


class Count:
    """Counts in a thread of its own; nobody waits for it.

    Attributes:
        result: (files, bytes); None while it counts, and for ever where it could not.
    """

    def __init__(self, folder: Path) -> None:
        self.result: tuple[int, int] | None = None
        self._folder = str(folder)
        self._stopped = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop counting."""
        self._stopped = True
        self._thread.join()

    def _run(self) -> None:
        files = size = 0
        waiting = [self._folder]
        try:
            while waiting:
                for entry in os.scandir(waiting.pop()):
                    if self._stopped:
                        return
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        files += 1
                        size += entry.stat(follow_symlinks=False).st_size
        except OSError:  # it is being changed: whoever reads it says so
            return
        self.result = files, size
