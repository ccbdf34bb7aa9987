"""The two small files that say which repository this is: `format` and `config.toml`."""

import os
import tomllib
from contextlib import suppress
from pathlib import Path

import msgspec

from mlctl.domain.errors import Corrupt, FormatTooNew
from mlctl.domain.records import decode, encode
from mlctl.domain.refs import REPOSITORY
from mlctl.store.files import Files
from mlctl.store.layout import FORMAT, Layout
from mlctl.store.sealed_line import seal, unseal


class _Format(msgspec.Struct, frozen=True):
    format: int


class _Change(msgspec.Struct, frozen=True):
    name: str
    new: str | None = None


class _First(msgspec.Struct, frozen=True):
    changes: tuple[_Change, ...]


def read_format(path: Path) -> int:
    """The repository's format.

    Raises:
        FormatTooNew: this program cannot read it.
        Corrupt: the file is damaged.
    """
    return check_format(str(path.parent), path.read_bytes(), path)


def check_format(where: str, data: bytes, path: Path = Path("format")) -> int:
    """The format that a format file's bytes name, if this program can read it.

    Raises:
        FormatTooNew, Corrupt: as `read_format`.
    """
    try:
        found = decode(unseal(path, data), _Format).format
    except msgspec.DecodeError as error:
        raise Corrupt(f"{path} is no format file: {error}", "mlctl --version", path=str(path)) from error
    if found > FORMAT:
        raise FormatTooNew(
            f"{where} has format {found}; this mlctl reads up to {FORMAT}",
            "pip install --upgrade mlctl",
            found=found,
            supported=FORMAT,
        )
    return found


def write_format(files: Files, path: Path) -> None:
    """Say that this is a repository of today's format."""
    files.replace(path, seal(encode(_Format(FORMAT))), mode=0o444)


def new_identity() -> str:
    """A fresh repository id: 32 random hexadecimal digits."""
    return os.urandom(16).hex()


def identity_of(layout: Layout) -> str:
    """The repository's id: of `config.toml`, or where the commit that is checked out has none, of decision 1.

    Raises:
        Corrupt: neither says it.
    """
    if not layout.config.exists():
        with suppress(OSError, Corrupt, msgspec.DecodeError):
            first = decode(unseal(layout.decision(1), layout.decision(1).read_bytes()), _First)
            for change in first.changes:
                if change.name == REPOSITORY and change.new is not None:
                    return change.new
    return read_identity(layout.config)


def read_identity(path: Path) -> str:
    """The repository's id.

    Raises:
        Corrupt: the file is missing, is no TOML or has no id.
    """
    try:
        identity = tomllib.loads(path.read_text(encoding="utf-8")).get("id")
    except FileNotFoundError:
        raise Corrupt(f"{path} is missing", f"git checkout -- {path}", path=str(path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Corrupt(f"{path} is no TOML: {error}", f"git checkout -- {path}", path=str(path)) from error
    if not isinstance(identity, str) or not identity:
        raise Corrupt(f"{path} has no id", f"git checkout -- {path}", path=str(path))
    return identity
