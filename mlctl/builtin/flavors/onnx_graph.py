"""What an ONNX file asks for, read from its bytes alone: no library parses it before this has.

Refused is what would read other files (tensors kept outside), run someone's code (operators of other domains)
or answer the same rows differently each time (random operators). The numbers are those of `onnx.proto`.
"""

from collections.abc import Iterator

from mlctl.domain.errors import Corrupt, Untrusted

FILE = "model.onnx"
_DOMAINS = {"", "ai.onnx", "ai.onnx.ml"}
_RANDOM = {
    "Bernoulli",
    "Multinomial",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
}
_DEEPEST = 20
_WORDS = {1: 8, 5: 4}
_TEXT = 2

_GRAPH, _OPSET, _TRAINING, _FUNCTION = 7, 8, 20, 25  # of a model
_NODE, _INITIALIZER, _SPARSE = 1, 5, 15  # of a graph
_OPERATOR, _ATTRIBUTE, _DOMAIN = 4, 5, 7  # of a node
_TENSOR_PARTS, _GRAPH_PARTS, _SPARSE_PARTS = {5, 10}, {6, 11}, {22, 23}  # of an attribute
_OUTSIDE, _PLACE = 13, 14  # of a tensor


def check_graph(data: bytes) -> None:
    """That the file is a model, and nothing in it is refused.

    Raises:
        Corrupt: it is no ONNX model. Untrusted: it holds what is refused.
    """
    graphs = 0
    for field, value in _fields(data):
        if field in {_TRAINING, _FUNCTION}:
            raise Untrusted(f"{FILE} brings functions or a training of its own, which mlctl does not load")
        if field == _OPSET:
            _check_domain(_text_of(dict(_fields(_bytes(value))).get(1, b"")))
        if field == _GRAPH:
            graphs += 1
            _check_nodes(_bytes(value), 0)
    if graphs != 1:
        raise Corrupt(f"{FILE} is no ONNX model: it holds {graphs} graphs", file=FILE)


def _check_nodes(graph: bytes, depth: int) -> None:
    if depth > _DEEPEST:
        raise Corrupt(f"{FILE} nests graphs more than {_DEEPEST} deep", file=FILE)
    for field, value in _fields(graph):
        if field == _NODE:
            _check_node(_bytes(value), depth)
        elif field == _INITIALIZER:
            _check_tensor(_bytes(value))
        elif field == _SPARSE:
            _check_sparse(_bytes(value))


def _check_node(node: bytes, depth: int) -> None:
    for field, value in _fields(node):
        if field == _DOMAIN:
            _check_domain(_text_of(value))
        elif field == _OPERATOR and _text_of(value) in _RANDOM:
            raise Untrusted(
                f"{FILE} draws random numbers ({_text_of(value)}); the same row must get the same answer",
                operator=_text_of(value),
            )
        elif field == _ATTRIBUTE:
            _check_attribute(_bytes(value), depth)


def _check_attribute(attribute: bytes, depth: int) -> None:
    for field, value in _fields(attribute):
        if field in _TENSOR_PARTS:
            _check_tensor(_bytes(value))
        elif field in _GRAPH_PARTS:
            _check_nodes(_bytes(value), depth + 1)
        elif field in _SPARSE_PARTS:
            _check_sparse(_bytes(value))


def _check_sparse(tensor: bytes) -> None:
    for field, value in _fields(tensor):
        if field in {1, 2}:
            _check_tensor(_bytes(value))


def _check_tensor(tensor: bytes) -> None:
    for field, value in _fields(tensor):
        if field == _OUTSIDE or (field == _PLACE and value != 0):
            raise Untrusted(
                f"{FILE} keeps tensors in other files; save it in one file (mlctl loads no other)", file=FILE
            )


def _check_domain(domain: str) -> None:
    if domain not in _DOMAINS:
        raise Untrusted(
            f"{FILE} asks for operators of {domain[:60]!r}; those of ONNX itself are known here",
            domain=domain,
        )


def _text_of(value: bytes | int) -> str:
    return _bytes(value).decode("utf-8", "replace")


def _bytes(value: bytes | int) -> bytes:
    if isinstance(value, bytes):
        return value
    raise Corrupt(f"{FILE} is no ONNX model: a number stands where a part should be", file=FILE)


def _fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Number and value of each field of a protobuf message, in the file's order."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        field, kind = key >> 3, key & 7
        if kind == 0:
            value, place = _varint(data, place)
            yield field, value
            continue
        if kind == _TEXT:
            size, place = _varint(data, place)
        elif kind in _WORDS:
            size = _WORDS[kind]
        else:
            raise Corrupt(f"{FILE} is no ONNX model: it has a field of kind {kind}", file=FILE)
        if field == 0 or place + size > len(data):
            raise Corrupt(f"{FILE} is no ONNX model: a part of it reaches past its end", file=FILE)
        yield field, data[place : place + size]
        place += size


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            break
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 (the bit that says "more follows")
            return value, place
    raise Corrupt(f"{FILE} is no ONNX model: a number in it does not end", file=FILE)
