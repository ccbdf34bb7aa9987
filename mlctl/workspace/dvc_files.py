"""DVC's files in the work tree, in its own formats: pointers (`data.csv.dvc`), `.gitignore` lines, settings.

Written without importing dvc (its start-up is half a second); the real dvc reads and writes the same files.
Format: DVC 3, `outs: - md5, size, nfiles, hash: md5, path`.
"""

import json
import os
import re
from pathlib import Path

import msgspec

from mlctl.domain.errors import Corrupt, UsageError
from mlctl.workspace.files import write_whole

SUFFIX = ".dvc"
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./+-]*\Z")
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")  # YAML wants these escaped
_NUMBER = re.compile(r"[0-9]+(e[0-9]+)?\Z")  # one md5 in a million looks like this to YAML
_NOT_TEXT = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}  # to YAML 1.1
_KEY = re.compile(r"(?P<indent> *(?:- +)?)(?P<key>[A-Za-z_][A-Za-z0-9_]*):(?: +(?P<value>.*))?\Z")
_OURS = ("md5", "size", "nfiles", "hash", "path")


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
    """

    cache: Path
    autostage: bool = False
    remote: str | None = None


def pointer_path(target: Path) -> Path:
    """Where the pointer to a file or folder lies: beside it."""
    return target.with_name(target.name + SUFFIX)


def read_pointer(path: Path) -> Pointer | None:
    """The pointer in this file, or None where there is no such file.

    Raises:
        Corrupt: it is not a pointer to one file or folder.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (UnicodeDecodeError, IsADirectoryError):
        raise _not_a_pointer(path) from None
    fields = {key: value for key, value, _ in _fields_of_out(text)}
    try:
        return Pointer(
            path=str(_scalar(fields["path"])),
            md5=str(_scalar(fields["md5"])),
            size=int(_scalar(fields.get("size", "0"))),
            nfiles=int(_scalar(fields["nfiles"])) if "nfiles" in fields else None,
        )
    except (KeyError, ValueError):
        raise _not_a_pointer(path) from None


def write_pointer(path: Path, pointer: Pointer) -> bool:
    """Make the file say this; keys that mlctl does not know (desc, meta, remote) stay. Whether it changed."""
    try:
        old = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        old = ""
    new = _with_out(old, pointer)
    if new == old:
        return False
    write_whole(path, new.encode("utf-8"))
    return True


def pointer_text(pointer: Pointer) -> str:
    """A fresh pointer file, byte for byte as `dvc add` writes it."""
    lines = "\n  ".join(_lines(pointer))
    return f"outs:\n- {lines}\n"


def _lines(pointer: Pointer) -> list[str]:
    md5 = f"'{pointer.md5}'" if _NUMBER.match(pointer.md5) else pointer.md5
    lines = [f"md5: {md5}", f"size: {pointer.size}"]
    if pointer.nfiles is not None:
        lines.append(f"nfiles: {pointer.nfiles}")
    return [*lines, "hash: md5", f"path: {_quoted(pointer.path)}"]


def _with_out(old: str, pointer: Pointer) -> str:
    known = _fields_of_out(old)
    if not known:
        return pointer_text(pointer)
    lines = old.splitlines()
    kept = [lines[number].strip().removeprefix("- ").strip() for key, _, number in known if key not in _OURS]
    first, last = known[0][2], known[-1][2]
    indent = " " * (len(lines[first]) - len(lines[first].lstrip(" ")))
    body = [*_lines(pointer), *kept]
    out = [f"{indent}- {body[0]}", *(f"{indent}  {line}" for line in body[1:])]
    return "\n".join([*lines[:first], *out, *lines[last + 1 :]]) + "\n"


def _fields_of_out(text: str) -> list[tuple[str, str, int]]:
    """(key, raw value, line number) of the first item under `outs:`; nothing where there is none."""
    found: list[tuple[str, str, int]] = []
    inside = False
    for number, line in enumerate(text.splitlines()):
        if line.startswith("outs:"):
            inside = True
        elif inside:
            match = _KEY.match(line)
            starts = line.lstrip(" ").startswith("- ")
            if match is None or (not line.startswith((" ", "-"))) or (starts and found):
                break
            found.append((match["key"], match["value"] or "", number))
    return found


def _quoted(text: str) -> str:
    if _PLAIN.match(text) and text.lower() not in _NOT_TEXT:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)


def _scalar(raw: str) -> str:
    if raw.startswith('"'):
        return str(json.loads(raw))
    if raw.startswith("'"):
        return raw[1:-1].replace("''", "'")
    return raw


def _not_a_pointer(path: Path) -> Corrupt:
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
    line = "/" + re.sub(r"([\[\]!*#?])", r"\\\1", target.name)
    if line in text.splitlines():
        return None
    if text and not text.endswith("\n"):
        text += "\n"
    write_whole(file, f"{text}{line}\n".encode())
    return file


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
