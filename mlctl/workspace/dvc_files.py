"""DVC's files in the work tree, in its own formats: pointers (`data.csv.dvc`), `.gitignore` lines, settings.

Written without importing dvc (its start-up is half a second); the real dvc reads and writes the same files.
Format: DVC 3, `outs: - md5, size, nfiles, hash: md5, path`.
"""

import json
import os
import re
import shlex
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from mlctl.domain.errors import Corrupt, UsageError
from mlctl.workspace.files import write_whole

SUFFIX = ".dvc"
_NAME = r"[A-Za-z_][A-Za-z0-9_./+-]{0,63}"
_PLAIN = re.compile(_NAME)
_LOST = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")  # dvc's library writes these unread
_NUMBER = re.compile(r"[0-9]+(e[0-9]+)?\Z")  # one md5 in a million looks like this to YAML
_NOT_TEXT = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}  # to one YAML or another
_MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?")
_CANONICAL = re.compile(
    r"outs:\n- md5: (?P<quote>'?)(?P<md5>[0-9a-f]{32}(\.dir)?)(?P=quote)\n  size: (?P<size>[0-9]+)\n"
    rf"(  nfiles: (?P<nfiles>[0-9]+)\n)?  hash: md5\n  path: (?P<path>{_NAME})\n"
)


class Pointer(msgspec.Struct, frozen=True, kw_only=True):
    """What a pointer says of the data beside it.

    Attributes:
        path: name of the file or folder, relative to the pointer.
        md5: with ".dir" at the end for a folder.
        nfiles: of a folder; None for a file.
    """

    path: str
    md5: str
    size: int
    nfiles: int | None = None

    @property
    def is_folder(self) -> bool:
        """Whether it points to a folder."""
        return self.md5.endswith(".dir")


class DvcSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The part of DVC's configuration that mlctl acts on.

    Attributes:
        cache: the cache's folder.
        autostage: whether changed files are staged in git (`core.autostage`).
        remote: name of the default remote, or None.
        links: how a cached file gets into the work tree, what to try first first (`cache.type`).
        shared: whether a group writes to the cache (`cache.shared = group`).
    """

    cache: Path
    autostage: bool = False
    remote: str | None = None
    links: tuple[str, ...] = ("reflink", "copy")
    shared: bool = False


def pointer_path(target: Path) -> Path:
    """Where the pointer to a file or folder lies: beside it."""
    return target.with_name(target.name + SUFFIX)


def read_pointer(path: Path) -> Pointer | None:
    """The pointer in this file, or None where there is no such file.

    Raises:
        Corrupt: it is not a pointer to one file or folder.
        UsageError: DVC 2 wrote it, whose md5 is not that of the bytes.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (UnicodeDecodeError, IsADirectoryError):
        raise _not_a_pointer(path) from None
    plain = _CANONICAL.fullmatch(text)
    if plain is not None:
        nfiles = plain["nfiles"]
        return Pointer(
            path=plain["path"],
            md5=plain["md5"],
            size=int(plain["size"]),
            nfiles=None if nfiles is None else int(nfiles),
        )
    outs = outs_of(path, text)
    if len(outs) != 1:
        raise _not_a_pointer(path)
    return outs[0]


def outs_of(path: Path, text: str) -> list[Pointer]:
    """All that a pointer file with this text points to; `path` of each is relative to the file.

    Raises:
        Corrupt: it is no pointer file.
        UsageError: DVC 2 wrote it.
    """
    try:
        document = _yaml().read_yaml(text)
        base = str(document.get("wdir", ""))
        found = [_out(path, item, base) for item in document["outs"]]
    except (KeyError, ValueError, TypeError, AttributeError):
        raise _not_a_pointer(path) from None
    if not found:
        raise _not_a_pointer(path)
    return found


def _out(path: Path, item: dict[str, Any], base: str) -> Pointer:
    md5 = str(item["md5"])
    if _MD5.fullmatch(md5) is None:
        raise ValueError(md5)
    if item.get("hash") != "md5":
        raise UsageError(
            f"{path} was written by DVC 2, whose md5 of a text is not that of its bytes",
            "dvc cache migrate --dvc-files",
            path=str(path),
        )
    return Pointer(
        path=os.path.normpath(Path(base, str(item["path"]))),
        md5=md5,
        size=int(item.get("size", 0)),
        nfiles=int(item["nfiles"]) if "nfiles" in item else None,
    )


def write_pointer(path: Path, pointer: Pointer) -> bool:
    """Make the file say this; what else it holds (desc, meta, remote, comments) stays. Whether it changed.

    Raises:
        Corrupt: it is a file that mlctl cannot read.
    """
    try:
        old = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        old = ""
    if not old or _CANONICAL.fullmatch(old):
        new = pointer_text(pointer)
    elif read_pointer(path) == pointer:
        return False
    else:
        new = str(
            _yaml().with_out(old, {key: value for key, value in _fields(pointer).items() if key != "path"})
        )
    if new == old:
        return False
    write_whole(path, new.encode("utf-8"))
    return True


def renamed_pointer(text: str, pointer: Pointer) -> str:
    """The text of a pointer file with another `path` in its out; what else it holds stays."""
    if _CANONICAL.fullmatch(text):
        return pointer_text(pointer)
    return str(_yaml().with_out(text, {"path": pointer.path}))


def pointer_text(pointer: Pointer) -> str:
    """A fresh pointer file, byte for byte as `dvc add` writes it."""
    name = pointer.path
    if _LOST.search(name):
        quoted = json.dumps(name, ensure_ascii=False)
        name = _LOST.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)
    elif not _PLAIN.fullmatch(name) or name.lower() in _NOT_TEXT:
        fields = {key: value for key, value in _fields(pointer).items() if value is not None}
        return str(_yaml().yaml_text({"outs": [fields]}))
    md5 = f"'{pointer.md5}'" if _NUMBER.match(pointer.md5) else pointer.md5
    nfiles = "" if pointer.nfiles is None else f"  nfiles: {pointer.nfiles}\n"
    return f"outs:\n- md5: {md5}\n  size: {pointer.size}\n{nfiles}  hash: md5\n  path: {name}\n"


def _fields(pointer: Pointer) -> dict[str, Any]:
    return {
        "md5": pointer.md5,
        "size": pointer.size,
        "nfiles": pointer.nfiles,
        "hash": "md5",
        "path": pointer.path,
    }


_CONFLICT = b"<<<<<<< "


def load_yaml(file: Path) -> Any:
    """What a YAML file of dvc holds.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is no YAML.
    """
    text = file.read_text(encoding="utf-8")  # first: where there is no file, no library is loaded
    return _yaml().read_yaml(text)


def _yaml() -> Any:
    """Loading a YAML library takes longer than all the rest of a `data status`."""
    return import_module("mlctl.workspace.pointer_yaml")


def _not_a_pointer(path: Path) -> Corrupt:
    with suppress(OSError):
        if _CONFLICT in path.read_bytes():
            return Corrupt(
                f"{path} was changed on both sides of a merge: take one of them, then `mlctl data checkout`; "
                "`mlctl data checkout NAME@N --path …` and `mlctl data add` add what the other one had",
                f"git checkout --ours -- {shlex.quote(str(path))}",
                f"git checkout --theirs -- {shlex.quote(str(path))}",
                path=str(path),
            )
    return Corrupt(
        f"{path} is not a DVC pointer to one file or folder", "git checkout -- " + str(path), path=str(path)
    )


def ignore_in_git(target: Path) -> Path | None:
    """Keep git from tracking the data: a line in `.gitignore` beside it; the file, if it changed."""
    file = target.parent / ".gitignore"
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        text = ""
    line = _ignore_line(target)
    if line in text.splitlines():
        return None
    if text and not text.endswith("\n"):
        text += "\n"
    write_whole(file, f"{text}{line}\n".encode())
    return file


def unignore_in_git(target: Path) -> Path | None:
    """Take that line away; the file, if it changed. One that held nothing else is removed, as dvc does."""
    file = target.parent / ".gitignore"
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    kept = [line for line in lines if line != _ignore_line(target)]
    if len(kept) == len(lines):
        return None
    if kept:
        write_whole(file, "".join(f"{line}\n" for line in kept).encode())
    else:
        file.unlink()
    return file


def _ignore_line(target: Path) -> str:
    return "/" + re.sub(r"([\[\]!*#?\\]| +\Z)", _escaped, target.name)


def _escaped(match: re.Match[str]) -> str:
    """For git's patterns; each of the spaces at an end."""
    return "".join(f"\\{sign}" for sign in match[0])


def read_settings(root: Path) -> DvcSettings:
    """DVC's settings for the project, from the four places where DVC looks, the nearest last.

    Raises:
        UsageError: a file is not a configuration.
    """
    merged: dict[str, str] = {}
    cache = root / ".dvc" / "cache"
    for file in config_files(root):
        values = read_config(file)
        merged.update(values)
        if "cache.dir" in values:
            cache = file.parent / Path(values["cache.dir"]).expanduser()
    return DvcSettings(
        cache=Path(os.path.normpath(cache)),
        autostage=merged.get("core.autostage", "").lower() in {"true", "yes", "on", "1"},
        remote=merged.get("core.remote"),
        links=tuple(link.strip() for link in merged.get("cache.type", "reflink,copy").split(",")),
        shared=merged.get("cache.shared") == "group",
    )


def config_files(root: Path) -> tuple[Path, ...]:
    """The four places where DVC looks for settings, the nearest last."""
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    system = Path("/etc/xdg/dvc/config")
    return (system, home / "dvc/config", root / ".dvc/config", root / ".dvc/config.local")


def read_config(file: Path) -> dict[str, str]:
    """`section.key` to value. DVC writes plain `[section]` and `key = value`; configparser costs 4 ms.

    Raises:
        UsageError: it is not a configuration.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return {}
    section, values = "", {}
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.strip()
        if not plain or plain.startswith(("#", ";")):
            continue
        key, equals, value = plain.partition("=")
        if plain.startswith("[") and plain.endswith("]"):
            section = plain[1:-1].strip().strip("'")
        elif equals and section:
            values[f"{section}.{key.strip()}"] = value.strip().strip("'\"")
        else:
            raise UsageError(
                f"{file}, line {number}: not a DVC setting: {plain}", path=str(file), line=number
            )
    return values
