"""Data that no push carries, whatever the log says of them: their pointer here says `push: false`."""

from contextlib import suppress

from mlctl.domain.errors import Corrupt
from mlctl.project.session import Session
from mlctl.workspace.dvc_files import SUFFIX
from mlctl.workspace.dvc_owners import PIPELINE, locked_in, tracked_in
from mlctl.workspace.pointed_data import data_withheld_by


def withheld(session: Session) -> frozenset[str]:
    """Their md5, by the pointers and pipelines of the work tree."""
    files = {one.file for one in tracked_in(session.root)[0]}
    with suppress(Corrupt):  # a damaged lock is told where its data are looked at
        files |= {one.file for one in locked_in(session.root)}
    return frozenset(md5 for file in sorted(files) for md5 in withheld_in(session, file))


def withheld_in(session: Session, file: str) -> set[str]:
    """As `withheld`, by one pointer or lock; nothing where it cannot be read."""
    path = session.root / file
    with suppress(OSError, ValueError):
        pipeline = None if file.endswith(SUFFIX) else path.with_name(PIPELINE).read_text(encoding="utf-8")
        return data_withheld_by(path.read_text(encoding="utf-8"), pipeline)
    return set()
