"""What mlctl keeps of its own failure: one paste-ready file, without credentials and without values."""

import os
import platform
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from mlctl import __version__
from mlctl.domain.credentials import strip
from mlctl.store.crashes import write_report


def report(error: BaseException, command: str) -> Path | None:
    """Write the report of a bug; None where it cannot be written anywhere.

    Outside a repository it goes to `$XDG_STATE_HOME/mlctl/crashes`.
    """
    moment = datetime.now(UTC)
    name = f"{moment:%Y%m%dT%H%M%S}-{os.getpid()}.txt"
    text = strip(
        f"mlctl {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
        f"{moment.isoformat(timespec='seconds')}\n"
        f"{command}\n\n"
        f"{''.join(traceback.format_exception(error))}"
    )
    try:
        return write_report(Path.cwd(), name, text) or _at_home(name, text)
    except OSError:
        return None


def show(error: BaseException) -> None:
    """The traceback on stderr, for `--debug`."""
    sys.stderr.write(strip("".join(traceback.format_exception(error))))


def _at_home(name: str, text: str) -> Path:
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    path = state / "mlctl" / "crashes" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
