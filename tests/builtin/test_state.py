import json
import struct

import numpy as np
import pytest

from mlctl.builtin.flavors.state import read_state, state_of, write_state
from mlctl.builtin.flavors.tensors import array_of, dumped, loaded, tensor_of
from mlctl.domain.errors import Corrupt, Untrusted


class Kept:
    """Anything with attributes."""


def test_all_that_is_kept_comes_back_as_it_was(tmp_path):
    made = Kept()
    made.plain = [1, -2.5, "text", None, True, (1, (2,)), {"a": [1], 2: "b", None: ()}]
    made.odd = [float("inf"), -0.0]
    made.scalar = np.float32(0.1)
    made.arrays = {kind: np.arange(6).reshape(2, 3).astype(kind) for kind in "?bBhHiIlLefd"}
    made.empty, made.single = np.zeros((0, 4)), np.array(3.5)
    made.turned = np.arange(6.0).reshape(2, 3).T
    made.swapped = np.arange(3, dtype=">i4")
    write_state(tmp_path, made, state_of(made))
    module, name, state = read_state(tmp_path)
    assert (module, name) == (Kept.__module__, "Kept")
    assert state["plain"] == made.plain
    assert [type(one) for one in state["plain"]] == [type(one) for one in made.plain]
    assert state["odd"] == made.odd
    assert (state["scalar"], type(state["scalar"])) == (made.scalar, np.float32)
    for kind, array in made.arrays.items():
        assert state["arrays"][kind].dtype == array.dtype
        assert np.array_equal(state["arrays"][kind], array)
    for name in ("empty", "single", "turned", "swapped"):
        assert np.array_equal(state[name], getattr(made, name))
        assert state[name].shape == getattr(made, name).shape
    state["turned"][0, 0] = 7  # its own to write into


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ({"a": [print]}, r"state\['x'\]\['a'\]\[0\] is a builtins.builtin_function"),
        (np.array([print]), "array of object"),
        (np.array(["text"]), "array of <U4"),
        (Kept(), "Kept"),
        ({1, 2}, "set"),
        (1j, "complex"),
    ],
)
def test_what_names_code_or_a_type_is_not_kept(tmp_path, value, complaint):
    made = Kept()
    made.x = value
    with pytest.raises(Untrusted, match=complaint):
        write_state(tmp_path, made, state_of(made))
    assert list(tmp_path.iterdir()) == []


def test_what_holds_itself_is_not_kept(tmp_path):
    made = Kept()
    made.x = []
    made.x.append(made.x)
    with pytest.raises(Untrusted, match="nested"):
        write_state(tmp_path, made, state_of(made))


@pytest.mark.parametrize(
    "state",
    [
        {"pickle": "x"},
        {"array": "7"},
        {"array": [1]},
        {"float": "much"},
        {"dict": [[[], 1]]},
        {"a": 1, "b": 2},
        {"tuple": 3},
    ],
)
def test_a_state_that_is_not_what_is_written_is_corrupt(tmp_path, state):
    (tmp_path / "state.json").write_text(json.dumps({"module": "m", "class": "C", "state": state}))
    with pytest.raises(Corrupt, match=r"state\.json"):
        read_state(tmp_path)


def header(told, body=b""):
    text = json.dumps(told).encode()
    return struct.pack("<Q", len(text)) + text + body


FOUR = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff" * 8,
        struct.pack("<Q", 2**62) + b"{}",
        header([]),
        header({"a": FOUR}),
        header({"a": FOUR}, b"12345678"),
        header({"a": {**FOUR, "data_offsets": [4, 8]}}, b"12345678"),
        header({"a": {**FOUR, "shape": [2**40, 2**40]}}, b"1234"),
        header({"a": {**FOUR, "shape": [-1]}}, b"1234"),
        header({"a": {**FOUR, "shape": [True]}}, b"1234"),
        header({"a": {**FOUR, "dtype": "O"}}, b"1234"),
        header({"a": {**FOUR, "dtype": {"F32": 1}}}, b"1234"),
        header({"a": {**FOUR, "more": 1}}, b"1234"),
        header({"a": 4}, b"1234"),
    ],
)
def test_a_file_of_arrays_that_lies_about_itself_is_corrupt(data):
    with pytest.raises(Corrupt):
        loaded(data, "arrays.safetensors")


def test_a_file_of_arrays_is_the_same_whatever_their_order():
    arrays = {"b": np.arange(3), "a": np.ones((2, 2), "f4")}
    tensors = {name: tensor_of(array) for name, array in arrays.items()}
    data = dumped(tensors)
    assert data == dumped(dict(reversed(tensors.items())))
    assert all(np.array_equal(array_of(one), arrays[name]) for name, one in loaded(data, "x").items())
