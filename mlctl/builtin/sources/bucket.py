"""Files in S3 and whatever speaks its protocol: conditional by ETag, resumed by ranges of the same ETag."""

import contextlib
import random
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from mlctl.builtin.remotes.s3 import s3_client
from mlctl.builtin.remotes.s3_errors import said, status_of
from mlctl.contracts.source import Seen, Told
from mlctl.domain.errors import DiskFull, Missing, NotFound, Unreachable

TRIES = 5

_CHUNK = 1 << 16
_FIRST_PAUSE = 0.2  # seconds; doubles
_CHANGED, _NO_SUCH_RANGE = 412, 416


class BucketSource:
    """Objects of buckets."""

    schemes = ("s3",)

    def look(self, url: str, options: Mapping[str, str]) -> Seen:
        """One HEAD."""
        with contextlib.closing(s3_client(options)) as client, _asking(url):
            return _seen(client.head_object(**_at(url)))

    def fetch(self, url: str, options: Mapping[str, str], target: Path, seen: Seen, told: Told) -> Seen:
        """GET, continued where it broke off."""
        for turn in range(TRIES):
            try:
                with contextlib.closing(s3_client(options)) as client:
                    return _continued(client, url, target, seen, told)
            except Unreachable:
                if turn == TRIES - 1 or not (target.exists() and target.stat().st_size):
                    raise
                time.sleep(_FIRST_PAUSE * 2**turn * (0.5 + random.random()))  # noqa: S311 - spreads callers
        raise AssertionError  # the last turn returns or raises


def _continued(client: Any, url: str, target: Path, seen: Seen, told: Told) -> Seen:
    start = target.stat().st_size if target.exists() and seen.etag else 0
    more = {"IfMatch": seen.etag, "Range": f"bytes={start}-"} if start else {}
    with _asking(url):
        try:
            answer = client.get_object(**_at(url), **more)
        except ClientError as error:
            if status_of(error) == _NO_SUCH_RANGE and start == seen.size:
                return seen  # all of it is there
            if not start or status_of(error) not in {_CHANGED, _NO_SUCH_RANGE}:
                raise
            start, answer = 0, client.get_object(**_at(url))
        total = start + int(answer["ContentLength"])
        if total - start > shutil.disk_usage(target.parent).free:
            raise DiskFull(f"{total - start} bytes are to come, more than are free in {target.parent}")
        with (
            contextlib.closing(answer["Body"]) as body,
            target.open("r+b" if target.exists() else "xb", buffering=0) as sink,
        ):
            sink.truncate(start)
            sink.seek(start)
            for chunk in body.iter_chunks(_CHUNK):
                sink.write(chunk)
                told(sink.tell(), total)
    return Seen(etag=_seen(answer).etag, modified=_seen(answer).modified, size=total)


def _seen(answer: Mapping[str, Any]) -> Seen:
    """DVC keeps an ETag without its quotes."""
    modified = answer.get("LastModified")
    return Seen(
        etag=str(answer["ETag"]).strip('"') if "ETag" in answer else None,
        modified=modified.isoformat() if modified is not None else None,
        size=int(answer["ContentLength"]),
    )


def _at(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    return {"Bucket": parts.netloc, "Key": parts.path.lstrip("/")}


@contextlib.contextmanager
def _asking(url: str) -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError, OSError) as error:
        if isinstance(error, OSError) and not isinstance(error, ConnectionError) and error.filename:
            raise  # of the file that is written
        found = said(error, url, "")
        if isinstance(found, Missing):
            raise NotFound(f"{url} does not exist", "mlctl data import --help", url=url) from error
        raise found from error
