"""The remotes that DVC's configuration names, read as DVC reads them, without importing it."""

import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from mlctl.domain.errors import UsageError
from mlctl.domain.remote import SECRET, RemoteSetting
from mlctl.workspace.dvc_files import config_files, read_config
from mlctl.workspace.files import write_whole

_SECTION = re.compile(r'remote "(?P<name>[^"]*)"\.(?P<option>\w+)\Z')
_PATHS = frozenset(
    {
        "cert_path",
        "configpath",
        "credentialpath",
        "gdrive_service_account_json_file_path",
        "gdrive_user_credentials_file",
        "key_path",
        "keyfile",
        "url",
    }
)
"""Options that are paths; a relative one begins at the folder of the file that it stands in."""

_HTTP = frozenset({"auth", "custom_auth_header", "user", "ssl_verify", "connect_timeout", "read_timeout"})
_KNOWN: dict[str, frozenset[str]] = {
    "s3": frozenset(
        {
            *("acl", "allow_anonymous_login", "connect_timeout", "endpointurl", "grant_full_control"),
            *("grant_read", "grant_read_acp", "grant_write_acp", "profile", "read_timeout", "region", "sse"),
            *("sse_kms_key_id", "ssl_verify", "use_ssl"),
        }
    ),
    "ssh": frozenset({"allow_agent", "port", "timeout", "user"}),
    "http": _HTTP,
    "https": _HTTP,
}
"""Options that DVC knows, too, by scheme; those that name a file of one machine are left out."""


def read_dvc_remotes(root: Path) -> tuple[dict[str, RemoteSetting], str | None, tuple[str, ...]]:
    """(remotes by name, name of the default one, credentials that stand in a file that git tracks).

    Names are in lower case, as DVC takes them.

    Raises:
        UsageError: a file is not a configuration, or a remote has no URL.
    """
    options: dict[str, dict[str, str]] = {}
    default: str | None = None
    exposed: list[str] = []
    for file in config_files(root):
        values = read_config(file)
        default = values["core.remote"].lower() if "core.remote" in values else default
        for key, value in values.items():
            match = _SECTION.match(key)
            if match is None:
                continue
            name, option = match["name"].lower(), match["option"]
            options.setdefault(name, {})[option] = _resolved(file, value) if option in _PATHS else value
            if option in SECRET and file == root / ".dvc/config":
                exposed.append(f"{name}.{option}")
    found = {name: _setting(name, options, root) for name in options}
    return found, default, tuple(exposed)


def _resolved(file: Path, value: str) -> str:
    if re.match(r"\w+://", value):
        return value
    path = Path(value).expanduser()
    return os.path.normpath(path if path.is_absolute() else file.absolute().parent / path)


def _setting(name: str, options: dict[str, dict[str, str]], root: Path) -> RemoteSetting:
    own = _inherited(name, options, root, ())
    return RemoteSetting(name=name, url=own.pop("url"), options=own, origin="dvc")


def _inherited(
    name: str, options: dict[str, dict[str, str]], root: Path, seen: tuple[str, ...]
) -> dict[str, str]:
    """The options; `remote://other/sub` is a place below another remote, with what is set there."""
    own = dict(options.get(name, {}))
    if "url" not in own or name in seen:
        raise UsageError(
            f"{root / '.dvc/config'}: remote {name!r} has no url", "dvc remote list", remote=name
        )
    if own["url"].startswith("remote://"):
        other, _, below = own["url"].removeprefix("remote://").partition("/")
        above = _inherited(other.lower(), options, root, (*seen, name))
        own = {**above, **own, "url": "/".join(part for part in (above["url"].rstrip("/"), below) if part)}
    return own


def name_remote(
    root: Path, name: str, url: str, options: Mapping[str, str], ours: Collection[tuple[str, str]] = ()
) -> bool:
    """Add a remote to `.dvc/config` as DVC's default one, where DVC has none of its own; whether it was.

    Args:
        root: of the project.
        name: of the remote.
        url: as typed: a path is relative to the project.
        options: DVC is told those that it knows (it refuses a file with others), and no secret.
        ours: (name, resolved URL) of those that are there for us; as the default one each gives way.
    """
    remotes, default, _exposed = read_dvc_remotes(root)
    path = root / ".dvc" / "config"
    given = default is None or (default in remotes and (default, remotes[default].url) in ours)
    if not given or name in remotes or not path.exists():
        return False
    if "://" not in url and not Path(url).expanduser().is_absolute():
        url = os.path.join("..", url)  # noqa: PTH118 - a text for DVC, which may hold ".."
    known = _KNOWN.get(url.partition("://")[0].lower(), frozenset())
    told = "".join(f"    {key} = {value}\n" for key, value in options.items() if key in known)
    section = f"['remote \"{name}\"']\n    url = {url}\n{told}"
    text = _without_default(path.read_text(encoding="utf-8"), default)
    core = re.search(r"^\[core\][ \t]*$", text, re.MULTILINE)
    if core is None:
        text = f"[core]\n    remote = {name}\n{text}"
    else:
        text = f"{text[: core.end()]}\n    remote = {name}{text[core.end() :]}"
    write_whole(path, f"{text.rstrip()}\n{section}".encode())
    return True


def forget_remote(root: Path, name: str, url: str) -> bool:
    """Take a remote out of `.dvc/config`, if it is this place there, too; whether it was."""
    remotes, default, _exposed = read_dvc_remotes(root)
    path = root / ".dvc" / "config"
    if name not in remotes or remotes[name].url != url or not path.exists():
        return False
    before = path.read_text(encoding="utf-8")
    text = _without_default(before, name) if default == name else before
    header = re.escape(f"['remote \"{name}\"']")
    text = re.sub(rf"^{header}[ \t]*\n(?:(?!\[).*\n?)*", "", text, flags=re.MULTILINE | re.IGNORECASE)
    if text == before:
        return False
    write_whole(path, text.encode())
    return True


def _without_default(text: str, name: str | None) -> str:
    """The settings without the line that makes this remote the default one; `[core]` goes if it is empty."""
    if name is None:
        return text
    line = rf"^[ \t]*remote[ \t]*=[ \t]*{re.escape(name)}[ \t]*\n"
    text = re.sub(line, "", text, flags=re.MULTILINE | re.IGNORECASE)
    return re.sub(r"^\[core\][ \t]*\n(?=\[|\Z)", "", text, flags=re.MULTILINE)
