"""A repository that follows a remote: opened, or made where git has brought its `config.toml`."""

from datetime import UTC, datetime
from pathlib import Path

from mlctl.domain.errors import InvalidName, NoRepository
from mlctl.domain.progress import Report
from mlctl.domain.refs import check_name, model_version, stage
from mlctl.domain.selector import parse
from mlctl.project.session import Session, timestamp
from mlctl.store.layout import FOLDER, Layout
from mlctl.store.repository import Repository
from mlctl.workspace.environment import actor


def session_of(folder: Path, *, report: Report, command: str) -> tuple[Session, bool]:
    """The session of the project in a folder or above it, and whether its repository was made by this.

    Raises:
        NoRepository: there is none, and no `config.toml` that names a remote.
    """
    try:
        return Session.open(folder, command=command, report=report), False
    except NoRepository:
        root = next((one for one in (folder, *folder.parents) if Layout(one / FOLDER).config.exists()), None)
        if root is None:
            raise
    return Session(begin(root, command), command=command, report=report), True


def begin(root: Path, command: str) -> Repository:
    """Make the repository of a folder that has a `config.toml`; its log gives way to the remote's."""
    return Repository.create(
        root, actor=actor(root), command=command, now=lambda: timestamp(datetime.now(UTC))
    )


def log_names(selectors: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the log that selectors mean: `demand@production` is `stages/demand/production`.

    Raises:
        InvalidName: it is neither a stage nor a version of a model.
    """
    return tuple(_log_name(text) for text in selectors)


def _log_name(text: str) -> str:
    selector = parse(text)
    if selector.stage is not None and not selector.back and selector.moment is None:
        return stage(check_name("model", selector.name), check_name("stage", selector.stage))
    if selector.number is not None and selector.moment is None:
        return model_version(check_name("model", selector.name), selector.number)
    raise InvalidName(f"--only takes MODEL@STAGE or MODEL@VERSION, not {text!r}", "mlctl clone --help")
