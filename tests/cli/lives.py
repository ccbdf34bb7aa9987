"""The program in a repository that has had a life: every kind of thing is stored there at least once."""

import subprocess
import sys
from pathlib import Path


def mlctl(project: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    """Run the program in a project, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "mlctl", "-C", str(project), *argv],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
