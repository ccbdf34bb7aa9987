"""One flush of a whole disk, by the one system call that Python lacks; loaded when it is needed.

Loading `ctypes` opens a library, after which nobody could tell any more what an answer rests on.
"""

import ctypes
import os
from pathlib import Path


def flush_disk(folder: Path) -> None:
    """Make everything durable that was written to the disk of a folder (to all disks, where that fails)."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(handle) != 0:
            os.sync()
    except (AttributeError, OSError):  # not Linux
        os.sync()
    finally:
        os.close(handle)
