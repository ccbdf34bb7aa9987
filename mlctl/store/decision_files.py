"""One decision's file: what its bytes say, and what is said where it is lost."""

from pathlib import Path

import msgspec

from mlctl.domain.decision import Committed, Entry
from mlctl.domain.errors import Corrupt, FormatTooNew, Missing
from mlctl.domain.records import decode, digest_of
from mlctl.store.layout import FORMAT
from mlctl.store.sealed_line import unseal


def lost_decision(path: Path, number: int, *, joined: bool) -> Missing:
    """That an entry of the log is missing; `joined`: the log is a remote's."""
    how = "the remote has it" if joined else "restore it from a backup (its number is not given again)"
    return Missing(
        f"decision {number} is missing: {path}; {how}",
        "mlctl pull" if joined else "mlctl fsck",
        path=str(path),
        number=number,
    )


def read_decision(path: Path, number: int, data: bytes) -> Committed:
    """The decision that a file's bytes hold.

    Raises:
        Corrupt: the bytes do not verify, or are another number's.
        FormatTooNew: a newer mlctl wrote it.
    """
    body = unseal(path, data)
    try:
        if decode(body, _FormatOnly).format > FORMAT:
            raise FormatTooNew(
                f"{path} was written by a newer mlctl", "pip install --upgrade mlctl", path=str(path)
            )
        entry = decode(body, Entry)
    except msgspec.DecodeError as error:
        raise Corrupt(f"{path} is no decision: {error}", "mlctl fsck", path=str(path)) from error
    if entry.number != number:
        raise Corrupt(f"{path} holds decision {entry.number}", "mlctl fsck", path=str(path))
    return Committed(entry=entry, sha256=digest_of(body))


class _FormatOnly(msgspec.Struct):
    format: int
