"""What a project's folder needs besides its own files: settings of git and DVC. Adds lines, changes none."""

from pathlib import Path

from mlctl.workspace.dvc_files import read_settings
from mlctl.workspace.files import write_whole

GIT_LINES = ("/.mlctl/*", "!/.mlctl/config.toml")
DVC_LINES = ("/.mlctl",)
_DVC_CONFIG = "[cache]\n    dir = ../.mlctl/cache\n"
_DVC_GITIGNORE = "/config.local\n/tmp\n/cache\n"


def missing_settings(root: Path) -> list[tuple[str, bytes]]:
    """(path, new content) of the settings files that lack something, in the order in which to write them.

    A `.dvc/config` that exists is left as it is: the project's cache is then where it says.
    """
    wanted: list[tuple[str, bytes]] = []
    for path, lines in ((".gitignore", GIT_LINES), (".dvcignore", DVC_LINES)):
        text = _text(root / path) or ""
        lacking = [line for line in lines if line not in text.splitlines()]
        if lacking:
            start = text if not text or text.endswith("\n") else text + "\n"
            wanted.append((path, (start + "\n".join(lacking) + "\n").encode("utf-8")))
    if _text(root / ".dvc" / ".gitignore") is None:
        wanted.append((".dvc/.gitignore", _DVC_GITIGNORE.encode()))
    if _text(root / ".dvc" / "config") is None:
        wanted.append((".dvc/config", _DVC_CONFIG.encode()))
    return wanted


def shared_cache(root: Path, cache: Path) -> list[tuple[str, bytes]]:
    """(path, new content) of dvc's private settings, for a work tree that uses the cache of another."""
    local = _text(root / ".dvc" / "config.local") or ""
    if read_settings(root).cache == cache or "[cache]" in local:
        return []
    return [(".dvc/config.local", f"{local}[cache]\n    dir = {cache}\n".encode())]


def place_file(root: Path, path: str, data: bytes) -> None:
    """Write a file and the folders above it."""
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, data)


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
