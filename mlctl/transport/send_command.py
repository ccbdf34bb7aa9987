"""What to type so that data get to their remote."""

from pathlib import Path

from mlctl.domain.errors import MlctlError
from mlctl.store.layout import FOLDER, Layout
from mlctl.store.remote_settings import read_remotes


def send_command(
    root: Path, *, versioned: bool = True, every_commit: bool = False, given: bool = False
) -> str:
    """`mlctl push`; dvc's where mlctl's log has no remote, or does not know the data.

    Args:
        root: of the project.
        versioned: whether all of the data have versions in the log.
        every_commit: whether also data are meant that no pointer in the work tree names.
        given: whether a remote is believed to hold the data: only a push that believes nothing sends them.
    """
    if versioned and _is_shared(root):
        return "mlctl push --verify" if given else "mlctl push"
    return "dvc push --all-commits" if every_commit else "dvc push"


def _is_shared(root: Path) -> bool:
    try:
        return read_remotes(Layout(root / FOLDER))[1] is not None
    except MlctlError:
        return False
