"""What to type so that data get to their remote."""

from importlib.util import find_spec


def send_command(*, every_commit: bool = False) -> str:
    """`mlctl push`; where this version has no such command, dvc's.

    Args:
        every_commit: whether also data are meant that no pointer in the work tree names.
    """
    if find_spec("mlctl.verbs.push") is not None:
        return "mlctl push"
    return "dvc push --all-commits" if every_commit else "dvc push"
