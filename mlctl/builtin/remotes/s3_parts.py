"""A large file in parts. An upload that broke off is found again, and the parts that it lacks are sent."""

import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from mlctl.contracts.remote import Told

PART = 1 << 24
"""Bytes; a file that is larger goes up in parts of this size."""

_MOST = 10_000  # parts that S3 takes
_AT_ONCE = 4


class Part(msgspec.Struct, frozen=True):
    """A part of the file, and whether the store has it."""

    number: int
    start: int
    size: int


def send_parts(
    client: Any, at: Mapping[str, str], source: Path, told: Told, extra: Mapping[str, str], size: int = PART
) -> None:
    """Make the key hold the file in parts of this size; what a broken upload has left is told as sent.

    An upload that fails stays open, to be continued; the bucket's lifecycle rule ends what nobody continues.
    """
    upload, there = _open_upload(client, at)
    if upload is None:
        upload = client.create_multipart_upload(**at, **extra)["UploadId"]

    def send(part: Part) -> dict[str, Any]:
        data = _read(source, part)
        etag = hashlib.md5(data, usedforsecurity=False).hexdigest()
        if there.get(part.number) != (part.size, etag):
            done = client.upload_part(**at, UploadId=upload, PartNumber=part.number, Body=data)
            etag = done["ETag"].strip('"')
        told(part.size)
        return {"PartNumber": part.number, "ETag": f'"{etag}"'}

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        futures = [pool.submit(send, part) for part in _parts(source.stat().st_size, size)]
        try:
            parts = [future.result() for future in futures]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    client.complete_multipart_upload(**at, UploadId=upload, MultipartUpload={"Parts": parts})


def _open_upload(client: Any, at: Mapping[str, str]) -> tuple[str | None, dict[int, tuple[int, str]]]:
    """(the newest unfinished upload of the key, its parts: number to size and md5)."""
    answer = client.list_multipart_uploads(Bucket=at["Bucket"], Prefix=at["Key"])
    found = [item for item in answer.get("Uploads", ()) if item["Key"] == at["Key"]]
    if not found:
        return None, {}
    upload = str(max(found, key=lambda item: item["Initiated"])["UploadId"])
    pages = client.get_paginator("list_parts").paginate(**at, UploadId=upload)
    parts = [part for page in pages for part in page.get("Parts", ())]
    return upload, {int(part["PartNumber"]): (int(part["Size"]), part["ETag"].strip('"')) for part in parts}


def _parts(size: int, least: int) -> Iterator[Part]:
    step = max(least, -(-size // _MOST))
    for number, start in enumerate(range(0, size, step), 1):
        yield Part(number, start, min(step, size - start))


def _read(source: Path, part: Part) -> bytes:
    with source.open("rb", buffering=0) as file:
        file.seek(part.start)
        return file.read(part.size)
