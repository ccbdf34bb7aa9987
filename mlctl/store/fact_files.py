"""The files of facts: which there are in a folder, and what they hold, verified."""

import os
from collections.abc import Iterable, Iterator
from io import FileIO
from pathlib import Path
from typing import Any

import msgspec

from mlctl.domain.errors import Corrupt, Missing
from mlctl.domain.ids import Digest, is_digest
from mlctl.domain.records import digest_of

_SUFFIX = ".json"


def fact_names(folder: Path) -> Iterator[Digest]:
    """The digests that a folder of facts holds, in no order."""
    return digests_of(file_names(folder))


def file_names(folder: Path) -> set[str]:
    """The names of what stands in a folder; none where it is absent."""
    try:
        return set(os.listdir(folder))  # noqa: PTH208 - of a hundred thousand; a path for each costs as much again
    except FileNotFoundError:
        return set()


def digests_of(names: Iterable[str]) -> Iterator[Digest]:
    """The digests of facts among the names of files."""
    for name in names:
        if name.endswith(_SUFFIX) and is_digest(stem := name.removesuffix(_SUFFIX)):
            yield Digest(stem)


def fact_file(digest: str) -> str:
    """The name of a fact's file."""
    return f"{digest}{_SUFFIX}"


def read_fact(path: Path, digest: str, shape: type[Any]) -> Any:
    """The fact that a file holds; the digest is checked before anything is parsed.

    Raises:
        Missing: there is no such file.
        Corrupt: it holds other bytes, or no record of this shape.
    """
    ((_, fact),) = read_facts(path.parent, (digest,), shape)
    return fact


def read_facts(folder: Path, digests: Iterable[str], shape: type[Any]) -> Iterator[tuple[Digest, Any]]:
    """The facts of a folder with these digests, in this order, each verified.

    Raises:
        Missing, Corrupt: as `read_fact`.
    """
    decoder = msgspec.json.Decoder(shape)
    start = f"{folder}{os.sep}"
    for digest in digests:
        path = f"{start}{digest}{_SUFFIX}"
        try:
            with FileIO(path) as file:
                data = file.readall()
        except FileNotFoundError:
            raise Missing(
                f"fact {digest} is missing: {path}", "mlctl fsck --repair", path=path, digest=digest
            ) from None
        if digest_of(data) != digest:
            raise Corrupt(
                f"{path} is damaged: its bytes do not have the sha256 it is named by",
                "mlctl fsck --repair",
                path=path,
                digest=digest,
            )
        try:
            fact = decoder.decode(data)
        except msgspec.DecodeError as error:
            raise Corrupt(
                f"{path} is no {shape.__name__}: {error}", "mlctl fsck --repair", path=path, digest=digest
            ) from error
        yield Digest(digest), fact
