"""Arrays by name in one file of the safetensors format: a length, a JSON header, the bytes. No code in it.

Written in the order of the names, so that equal arrays give equal bytes; read only where every size and every
offset says the same.
"""

import json
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from mlctl.domain.errors import Corrupt

_LONGEST = 100_000_000
_PREFIX = 8
_MOST_DIMENSIONS = 32
_SIZES = {"BF16": 2}
_TYPES = {
    "BOOL": "?",
    "F16": "<f2",
    "F32": "<f4",
    "F64": "<f8",
    "I16": "<i2",
    "I32": "<i4",
    "I64": "<i8",
    "I8": "|i1",
    "U16": "<u2",
    "U32": "<u4",
    "U64": "<u8",
    "U8": "|u1",
}
_CODES = {np.dtype(text): code for code, text in _TYPES.items()}


class Tensor(NamedTuple):
    """An array as it stands in the file: type, shape, little-endian bytes in C order."""

    code: str
    shape: tuple[int, ...]
    data: bytes


def tensor_of(array: Any) -> Tensor | None:
    """An array to be written; None where its type is none of plain numbers and truths."""
    array = np.asarray(array)
    if array.dtype.kind not in "?biuf":
        return None
    code = _CODES.get(array.dtype.newbyteorder("<")) or _CODES.get(array.dtype)
    if code is None:
        return None
    return Tensor(code, array.shape, np.ascontiguousarray(array, dtype=_TYPES[code]).tobytes())


def array_of(tensor: Tensor) -> Any:
    """The array again, its own to write into."""
    return np.frombuffer(tensor.data, dtype=_TYPES[tensor.code]).reshape(tensor.shape).copy()


def dumped(tensors: Mapping[str, Tensor]) -> bytes:
    """The file's bytes."""
    header: dict[str, Any] = {}
    place = 0
    for name, tensor in sorted(tensors.items()):
        end = place + len(tensor.data)
        header[name] = {"dtype": tensor.code, "shape": list(tensor.shape), "data_offsets": [place, end]}
        place = end
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % _PREFIX)
    parts = [len(text).to_bytes(_PREFIX, "little"), text, *(one.data for _, one in sorted(tensors.items()))]
    return b"".join(parts)


def loaded(data: bytes, file: str) -> dict[str, Tensor]:
    """The arrays of a file.

    Raises:
        Corrupt: it is not what `dumped` writes.
    """
    size = int.from_bytes(data[:_PREFIX], "little")
    if len(data) < _PREFIX or size > min(_LONGEST, len(data) - _PREFIX):
        raise _corrupt(file, "its header reaches past its end")
    try:
        header = json.loads(data[_PREFIX : _PREFIX + size])
    except (ValueError, RecursionError) as error:
        raise _corrupt(file, f"its header is no JSON: {error}") from error
    if not isinstance(header, dict):
        raise _corrupt(file, "its header names no arrays")
    body = memoryview(data)[_PREFIX + size :]
    found: dict[str, Tensor] = {}
    place = 0
    for name, told in header.items():
        code, shape, end = _told(told, place, file)
        if end > len(body):
            raise _corrupt(file, f"array {name[:40]!r} reaches past its end")
        found[name] = Tensor(code, shape, bytes(body[place:end]))
        place = end
    if place != len(body):
        raise _corrupt(file, "it holds more bytes than its arrays")
    return found


def _told(told: Any, start: int, file: str) -> tuple[str, tuple[int, ...], int]:
    """Type, shape and end of the array that starts there."""
    if not isinstance(told, dict) or set(told) != {"dtype", "shape", "data_offsets"}:
        raise _corrupt(file, "its header is not of type, shape and place")
    code, shape = str(told["dtype"]), told["shape"]
    width = np.dtype(_TYPES[code]).itemsize if code in _TYPES else _SIZES.get(code, 0)
    plain = isinstance(shape, list) and all(type(one) is int and 0 <= one < 2**48 for one in shape)
    if not width or not plain or len(shape) > _MOST_DIMENSIONS:
        raise _corrupt(file, "it holds an array of a type or a shape that is not known")
    end = start + math.prod(shape) * width
    if told["data_offsets"] != [start, end]:
        raise _corrupt(file, "an array in it is not as long as its shape says")
    return code, tuple(shape), end


def _corrupt(file: str, why: str) -> Corrupt:
    return Corrupt(f"{file} is no file of arrays: {why}", file=file)
