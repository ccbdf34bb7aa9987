"""S3 and whatever speaks its protocol. Put-if-absent is S3's own `If-None-Match: *`.

Nothing is tried again here: boto's own retries are off, so that a failure is known at once and a `create` is
never repeated unseen. A large file goes up in parts; what has arrived of it is continued by the next try.
"""

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from boto3.session import Session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound

from mlctl.builtin.remotes import known_options
from mlctl.builtin.remotes.arriving import appending
from mlctl.builtin.remotes.s3_errors import said, status_of
from mlctl.builtin.remotes.s3_parts import PART, send_parts
from mlctl.contracts.remote import Listed, RemoteStore, Told
from mlctl.domain.credentials import strip
from mlctl.domain.errors import Denied, Missing, Unreachable, UsageError
from mlctl.domain.remote import check_key, check_prefix, is_key

_MD5 = re.compile(r"[0-9a-f]{32}\Z")
_CHUNK = 1 << 20  # bytes
_BATCH = 1000  # keys in one removal
_PARALLEL = 16
_CONFLICT, _EXISTS, _RANGE = 409, 412, 416
_NO_CONDITION = {"NotImplemented", "InvalidArgument", "InvalidRequest"}
_EXTRA = {
    "sse": "ServerSideEncryption",
    "sse_kms_key_id": "SSEKMSKeyId",
    "acl": "ACL",
    "grant_read": "GrantRead",
    "grant_read_acp": "GrantReadACP",
    "grant_write_acp": "GrantWriteACP",
    "grant_full_control": "GrantFullControl",
}


class S3Remote:
    """Opens buckets."""

    schemes = ("s3",)

    def options(self, url: str) -> frozenset[str]:
        """The options that it takes."""
        del url
        return known_options.S3

    def open(self, url: str, options: Mapping[str, str]) -> RemoteStore:
        """The store at `s3://bucket/prefix`."""
        parts = urlsplit(url)
        if parts.scheme.lower() != "s3" or not parts.netloc or parts.query or "@" in parts.netloc:
            raise UsageError(f"{strip(url)} is no bucket: s3://bucket/prefix", url=strip(url))
        extra = {name: options[option] for option, name in _EXTRA.items() if options.get(option)}
        try:
            return S3Store(s3_client(options), parts.netloc, parts.path.strip("/"), extra)
        except ProfileNotFound as error:
            raise UsageError(f"{url}: {error}", url=url) from error
        except (BotoCoreError, ValueError) as error:
            raise UsageError(f"{url}: {strip(str(error))}", url=url) from error


class S3Store:
    """The store below one prefix of a bucket.

    Attributes:
        part: size of the parts of a file that is larger; S3 takes none below 5 MiB.
    """

    writable = True
    parallel = _PARALLEL

    def __init__(self, client: Any, bucket: str, prefix: str, extra: Mapping[str, str]) -> None:
        self.url = f"s3://{bucket}/{prefix}" if prefix else f"s3://{bucket}"
        self.part = PART
        self._client = client
        self._bucket = bucket
        self._prefix = prefix and f"{prefix}/"
        self._extra = dict(extra)

    def read(self, key: str) -> bytes:
        """The bytes under a key."""
        with self._asking(key):
            return bytes(self._client.get_object(**self._at(key))["Body"].read())

    def fetch(self, key: str, target: Path, told: Told, *, start: int = 0) -> None:
        """Append what follows `start`."""
        with appending(target, told) as append:
            self.stream(key, append, start=start)

    def stream(self, key: str, sink: Callable[[bytes], None], *, start: int = 0) -> None:
        """Hand over what follows `start`."""
        more = {"Range": f"bytes={start}-"} if start else {}
        with self._asking(key):
            try:
                body = self._client.get_object(**self._at(key), **more)["Body"]
            except ClientError as error:
                if status_of(error) == _RANGE:  # all of it is there
                    return
                raise
            with contextlib.closing(body):
                for chunk in body.iter_chunks(_CHUNK):
                    sink(chunk)

    def put(self, key: str, data: bytes) -> None:
        """One request."""
        with self._asking(key):
            self._client.put_object(**self._at(key), Body=data, **self._extra)

    def put_file(self, key: str, source: Path, told: Told) -> None:
        """One request, or parts of a large file."""
        size = source.stat().st_size
        with self._asking(key):
            if size > self.part:
                send_parts(self._client, self._at(key), source, told, self._extra, self.part)
                return
            with source.open("rb") as body:
                self._client.put_object(**self._at(key), Body=body, **self._extra)
        told(size)

    def create(self, key: str, data: bytes) -> bool:
        """One request with `If-None-Match: *`."""
        try:
            with self._asking(key, in_doubt=True):
                return self._created(key, data)
        except Missing as error:  # S3 answers so where the key was removed at the same moment
            raise Unreachable(error.message, key=key, in_doubt=False) from error

    def _created(self, key: str, data: bytes) -> bool:
        try:
            self._client.put_object(**self._at(key), Body=data, IfNoneMatch="*", **self._extra)
        except ClientError as error:
            if status_of(error) == _EXISTS:
                return False
            if status_of(error) == _CONFLICT:  # another writer of the key is at it: has it finished?
                if self.sizes([key]):
                    return False
                raise Unreachable(
                    f"{self.url}: {key} is just being written", key=key, in_doubt=False
                ) from error
            if error.response["Error"].get("Code") in _NO_CONDITION:
                raise Denied(f"{self.url} does not know put-if-absent: {error}", key=key) from error
            raise
        return True

    def sizes(self, keys: Iterable[str]) -> dict[str, int]:
        """One request each, several at once."""
        asked = list(dict.fromkeys(keys))
        if len(asked) <= 1:
            found = [self._size(key) for key in asked]
        else:
            with ThreadPoolExecutor(min(self.parallel, len(asked))) as pool:
                found = list(pool.map(self._size, asked))
        return {key: size for key, size in zip(asked, found, strict=True) if size is not None}

    def list(self, prefix: str) -> Iterator[Listed]:
        """One request for a thousand keys."""
        for key, item in self._items(prefix):
            yield Listed(key, item["Size"])

    def md5s(self, keys: Iterable[str]) -> dict[str, str]:
        """S3's ETag, which is the md5 of what came in one piece and is not under a key of the caller's.

        Another one never looks like the md5 of the bytes, so it is told as it is. The folders of the keys are
        listed.
        """
        asked = set(keys)
        found = {}
        for folder in sorted({key.rpartition("/")[0] for key in asked}):
            for key, item in self._items(f"{folder}/" if folder else ""):
                etag = str(item.get("ETag", "")).strip('"').lower()
                if key in asked and _MD5.match(etag):
                    found[key] = etag
        return found

    def _items(self, prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """(key, what S3 says of it) of all that begins so."""
        pages = self._client.get_paginator("list_objects_v2")
        start = len(self._prefix)
        with self._asking(prefix):
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix + check_prefix(prefix)):
                for item in page.get("Contents", ()):
                    if is_key(item["Key"][start:]):
                        yield item["Key"][start:], item

    def remove(self, keys: Iterable[str]) -> None:
        """One request for a thousand keys."""
        names = [self._at(key)["Key"] for key in keys]
        with self._asking(""):
            for first in range(0, len(names), _BATCH):
                batch = {"Objects": [{"Key": name} for name in names[first : first + _BATCH]], "Quiet": True}
                done = self._client.delete_objects(Bucket=self._bucket, Delete=batch)
                for failed in done.get("Errors", ()):
                    raise Denied(
                        f"{self.url}: {failed['Key']} was not removed: {failed.get('Message')}",
                        key=failed["Key"],
                    )

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _size(self, key: str) -> int | None:
        try:
            with self._asking(key):
                return int(self._client.head_object(**self._at(key))["ContentLength"])
        except Missing:
            return None

    def _at(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + check_key(key)}

    @contextlib.contextmanager
    def _asking(self, key: str, *, in_doubt: bool = False) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError, OSError) as error:
            raise said(error, self.url, key, in_doubt=in_doubt) from error


def s3_client(options: Mapping[str, str]) -> Any:
    """A client that tries nothing again.

    Raises:
        UsageError: a credential goes with another one that is not there.
    """
    given = [key for key in ("access_key_id", "secret_access_key") if options.get(key)]
    if len(given) == 1:
        other = "secret_access_key" if given == ["access_key_id"] else "access_key_id"
        raise UsageError(f"the option {given[0]} goes with {other}, which is not given", option=other)
    session = Session(
        profile_name=options.get("profile"),
        aws_access_key_id=options.get("access_key_id"),
        aws_secret_access_key=options.get("secret_access_key"),
        aws_session_token=options.get("session_token"),
        region_name=options.get("region"),
    )
    endpoint = options.get("endpointurl")
    more: dict[str, Any] = {}
    if _is(options, "allow_anonymous_login"):
        more["signature_version"] = UNSIGNED
    if endpoint:  # others than AWS need not know its newer checksums
        more["request_checksum_calculation"] = "when_required"
        more["response_checksum_validation"] = "when_required"
    verify: bool | str = options.get("ssl_verify", "true")
    if str(verify).lower() in {"true", "false"}:
        verify = str(verify).lower() == "true"
    config = Config(
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=2 * _PARALLEL,
        connect_timeout=float(options.get("connect_timeout", 10)),
        read_timeout=float(options.get("read_timeout", 60)),
        tcp_keepalive=True,
        **more,
    )
    return session.client(
        "s3",
        endpoint_url=endpoint,
        use_ssl=not _is(options, "use_ssl", "false"),
        verify=verify,
        config=config,
    )


def _is(options: Mapping[str, str], name: str, value: str = "true") -> bool:
    return options.get(name, "").lower() == value
