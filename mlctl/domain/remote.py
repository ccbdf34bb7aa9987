"""Remotes as nouns: where one is and what its plugin is told; which keys a store may be asked for."""

import re

import msgspec

from mlctl.domain.errors import InvalidName

_KEY = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*\Z")
_LONGEST = 1024  # bytes; what an object store takes

ASIDE = "+tmp"
"""A store that is a folder keeps files that are being written in this one; no key can name it."""

NO_LOG = "log"
"""The option that says of a remote whose put-if-absent does not hold: facts and data only."""

WHO_HAS_IT = "whoever has it sends it with `mlctl push --verify` (of what dvc has added, `dvc push`)"
"""What heals a remote that lacks what somebody believes to have sent."""

SECRET = frozenset(
    {
        "access_key_id",
        "account_key",
        "client_secret",
        "connection_string",
        "oss_key_secret",
        "passphrase",
        "password",
        "sas_token",
        "secret_access_key",
        "session_token",
        "sse_customer_key",
        "token",
    }
)
"""Options that give access; they have no place in a file that git tracks."""


class RemoteSetting(msgspec.Struct, frozen=True, kw_only=True):
    """A remote as it is configured.

    Attributes:
        url: a URL or an absolute path, without credentials.
        options: as DVC names them; credentials among them, so this is never shown.
        origin: "mlctl" or "dvc": whose configuration names it.
    """

    name: str
    url: str
    options: dict[str, str] = {}
    origin: str = "mlctl"

    @property
    def scheme(self) -> str:
        """The scheme of the URL; "file" of a plain path."""
        scheme, separator, _ = self.url.partition("://")
        return scheme.lower() if separator else "file"


def check_key(key: str) -> str:
    """The key, if a store may be asked for it: it stays inside the store, whatever it is joined to.

    Raises:
        InvalidName: it holds other characters, an empty part, "." or "..".
    """
    if len(key) <= _LONGEST and _KEY.match(key) and not any(set(part) <= {"."} for part in key.split("/")):
        return key
    raise InvalidName(f"{key!r} cannot be a key of a remote", key=key)


def check_prefix(prefix: str) -> str:
    """The prefix, if a store may be asked to list it: "" or a key and "/".

    Raises:
        InvalidName: as `check_key`.
    """
    if prefix and not prefix.endswith("/"):
        raise InvalidName(f"{prefix!r} cannot be a prefix of keys: it does not end in '/'", key=prefix)
    return prefix and check_key(prefix[:-1]) + "/"


def is_key(text: str) -> bool:
    """Whether a store may hold this as a key; what else lies in a folder or bucket is none of ours."""
    try:
        return check_key(text) == text
    except InvalidName:
        return False
