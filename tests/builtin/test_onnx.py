"""ONNX files that would read other files, run other code or answer by chance are refused unread."""

import random
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mlctl.builtin.flavors.onnx import OnnxFlavor
from mlctl.builtin.flavors.onnx_graph import check_graph
from mlctl.domain.errors import Corrupt, Untrusted
from tests.conformance.own_classes import Graph, bytes_of

OPTIONS = {"task": "regression", "classes": 0}


def graph(nodes, *, width=1, kind=TensorProto.FLOAT, tensors=(), outputs=("y",)):
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 3])
    wide = [helper.make_tensor_value_info(name, kind, [None, width]) for name in outputs]
    return helper.make_graph(nodes, "g", [given], wide, list(tensors))


def summed(*, domain="", operator="ReduceMax"):
    return graph([helper.make_node(operator, ["x"], ["y"], domain=domain, axes=[1], keepdims=1)])


def outside():
    tensor = numpy_helper.from_array(np.ones((3, 1), "f4"), "w")
    onnx.external_data_helper.set_external_data(tensor, location="../../../etc/passwd")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    return tensor


def hidden_in_a_branch():
    """A constant that is kept outside, in a graph inside a graph."""
    inner = helper.make_node("Constant", [], ["c"], value=outside())
    then = helper.make_graph(
        [inner], "then", [], [helper.make_tensor_value_info("c", TensorProto.FLOAT, [3, 1])]
    )
    branch = helper.make_node("If", ["t"], ["w"], then_branch=then, else_branch=then)
    truth = numpy_helper.from_array(np.array([1], bool)[0], "t")
    return bytes_of(graph([branch, helper.make_node("MatMul", ["x", "w"], ["y"])], tensors=[truth]))


def with_function():
    body = helper.make_function("own", "F", ["a"], ["b"], [helper.make_node("Identity", ["a"], ["b"])], [])
    return bytes_of(summed(), functions=[body])


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (
            lambda: bytes_of(graph([helper.make_node("MatMul", ["x", "w"], ["y"])], tensors=[outside()])),
            "other files",
        ),
        (hidden_in_a_branch, "other files"),
        (lambda: bytes_of(summed(domain="com.microsoft")), "com.microsoft"),
        (lambda: bytes_of(graph([helper.make_node("RandomUniformLike", ["x"], ["y"])], width=3)), "random"),
        (with_function, "functions"),
    ],
)
def test_a_graph_that_asks_for_more_than_arithmetic_is_refused(tmp_path, make, complaint):
    data = make()
    (tmp_path / "model.onnx").write_bytes(data)
    with pytest.raises(Untrusted, match=complaint):
        OnnxFlavor().load(tmp_path, OPTIONS)
    estimator = Graph()
    estimator.onnx_bytes = data
    with pytest.raises(Untrusted, match=complaint):
        OnnxFlavor().save(estimator, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("made", "complaint"),
    [
        (summed(operator="NoSuchOperator"), "NoSuchOperator"),
        (graph([helper.make_node("Identity", ["z"], ["y"])]), "cannot be read"),
        (graph([helper.make_node("Identity", ["x"], ["y"])], kind=TensorProto.INT64), "cannot be read"),
        (
            graph(
                [helper.make_node("Identity", ["x"], [name]) for name in "yz"], width=3, outputs=("y", "z")
            ),
            "one output",
        ),
    ],
    ids=["operator", "input", "types", "outputs"],
)
def test_a_graph_that_does_not_compute_is_corrupt(tmp_path, made, complaint):
    (tmp_path / "model.onnx").write_bytes(bytes_of(made))
    with pytest.raises(Corrupt, match=complaint):
        OnnxFlavor().load(tmp_path, OPTIONS)


def test_a_graph_that_takes_all_memory_ends_a_process_of_its_own_alone(tmp_path):
    shape = numpy_helper.from_array(np.array([1, 2**40]), "n")
    nodes = [
        helper.make_node("ConstantOfShape", ["n"], ["huge"]),
        helper.make_node("ReduceSum", ["huge"], ["s"], keepdims=0),
        helper.make_node("ReduceMax", ["x"], ["m"], axes=[1], keepdims=1),
        helper.make_node("Add", ["m", "s"], ["y"]),
    ]
    (tmp_path / "model.onnx").write_bytes(bytes_of(graph(nodes, tensors=[shape])))
    with pytest.raises(Corrupt, match=r"model\.onnx"):
        OnnxFlavor().load(tmp_path, OPTIONS)


def test_bytes_of_any_kind_are_refused_or_pass_unharmed():
    matrix = np.random.default_rng(1).normal(size=(40, 5))
    data = Graph().fit(matrix, matrix[:, 0]).onnx_bytes
    check_graph(data)
    chance = random.Random(5)  # noqa: S311 - damage that repeats
    refused = 0
    for _ in range(3000):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            check_graph(
                bytes(damaged[: chance.randint(0, len(damaged))] if chance.random() < 0.3 else damaged)
            )
        except (Corrupt, Untrusted):
            refused += 1
    assert refused > 500


def test_the_trial_reports_what_the_library_says(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"no model")
    words = [sys.executable, "-m", "mlctl.builtin.flavors.onnx_trial", str(tmp_path / "model.onnx")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "INVALID_PROTOBUF" in done.stderr
