"""What `remote add` and `clone` are told of a remote: its place, and options of which some are private."""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from mlctl.domain.errors import UsageError
from mlctl.domain.remote import SECRET


def parsed(options: tuple[str, ...]) -> dict[str, str]:
    """`key=value` texts as options.

    Raises:
        UsageError: one has no "=".
    """
    found = {}
    for text in options:
        key, equal, value = text.partition("=")
        if not equal or not re.fullmatch(r"[a-z0-9_]+", key):
            raise UsageError(f"{key!r} is no option: KEY=VALUE", "mlctl remote add --help")
        found[key] = value
    return found


def private(options: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """(options that git may track, credentials)."""
    secret = {key: value for key, value in options.items() if key in SECRET}
    return {key: value for key, value in options.items() if key not in secret}, secret


def placed(url: str, folder: Path) -> str:
    """The URL as it is, or the absolute path that it means in a folder.

    Raises:
        UsageError: it holds a password.
    """
    if "://" not in url:
        return os.path.normpath(folder.absolute() / Path(url).expanduser())
    if urlsplit(url).password is not None:
        raise UsageError(
            "a URL with a password would be kept in a file that git tracks; "
            "give the password by --option password=... or in the environment",
            "mlctl remote add --help",
        )
    return url
