import importlib.util

import numpy as np
import pytest

from mlctl.contracts.registry import load, names
from mlctl.domain.errors import Corrupt, NotInstalled, Untrusted
from mlctl.learning.flavors import flavor_for
from mlctl.testing.flavor_checks import check_flavor
from tests.conformance.own_classes import Graph, Halves, Line, Means, Voters


def rows(classes=0):
    random = np.random.default_rng(3)
    matrix = random.normal(size=(256, 5))
    signal = matrix[:, 0] + 0.5 * matrix[:, 1] ** 2
    if not classes:
        return matrix, signal
    return matrix, np.digitize(signal, np.quantile(signal, np.linspace(0, 1, classes + 1)[1:-1]))


@pytest.mark.parametrize(
    "estimator", [Line(), Halves(), Graph(), Graph(rows=16)], ids=["python", "models", "onnx", "onnx-rows"]
)
def test_classes_of_ones_own_keep_the_contract_for_regressions(estimator):
    matrix, target = rows()
    flavor = flavor_for(estimator.fit(matrix, target))
    check_flavor(flavor, estimator, matrix, "regression")


@pytest.mark.parametrize(("kind", "classes"), [("python", 2), ("python", 3), ("models", 3), ("onnx", 3)])
def test_classes_of_ones_own_keep_the_contract_for_classes(kind, classes):
    matrix, target = rows(classes)
    made = {"python": Means(), "models": Voters(), "onnx": Graph(classes)}[kind]
    estimator = made.fit(matrix, target)
    task = "binary" if classes == 2 else "multiclass"
    check_flavor(flavor_for(estimator), estimator, matrix, task, classes)


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_pytorch_modules_keep_the_contract(classes):
    torch = pytest.importorskip("torch")
    from tests.conformance.own_nets import Net  # noqa: PLC0415 - where PyTorch is there

    torch.manual_seed(1)
    matrix, target = rows(classes)
    estimator = Net(classes).fit(matrix, target)
    flavor = flavor_for(estimator)
    assert flavor.name == "torch"
    task = {0: "regression", 2: "binary", 3: "multiclass"}[classes]
    check_flavor(flavor, estimator, matrix[:64], task, classes)  # as many rows as the flavor asks for at once


@pytest.mark.parametrize("name", ["onnx", "python"])
def test_every_flavor_is_found_by_entry_point_under_its_own_name(name):
    assert name in names("flavors")
    assert load("flavors", name).name == name


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="PyTorch is there")
def test_a_flavor_whose_library_is_not_there_says_how_to_get_it():
    with pytest.raises(NotInstalled, match="torch") as caught:
        load("flavors", "torch")
    assert caught.value.hints == ("pip install 'mlctl[torch]'",)


def test_a_class_of_ones_own_is_not_loaded_without_its_code(tmp_path):
    flavor = load("flavors", "python")
    flavor.save(Line().fit(*rows()), tmp_path)
    with pytest.raises(Untrusted, match="no code came with the model"):
        flavor.load(tmp_path, {"task": "regression", "classes": 0})
    with pytest.raises(Corrupt, match="no class"):
        flavor.load(tmp_path, {"task": "regression", "classes": 0, "code": lambda _module, _name: print})


def test_a_model_inside_a_model_is_of_a_flavor_that_runs_no_code(tmp_path):
    flavor = load("flavors", "python")
    names = flavor.save(Voters().fit(*rows(2)), tmp_path)
    assert {"model0/model.skops", "model1/model.txt", "model1/classes.json"} <= set(names)
    options = {"task": "binary", "classes": 2, "code": lambda _module, _name: Voters}
    flavor.load(tmp_path, options)
    text = (tmp_path / "state.json").read_text()
    for other in ("python", "torch", "os", "../sklearn"):
        (tmp_path / "state.json").write_text(text.replace('"sklearn"', f'"{other}"'))
        with pytest.raises((Corrupt, NotInstalled)):
            flavor.load(tmp_path, options)
    (tmp_path / "state.json").write_text(text)
    (tmp_path / "model0" / "model.skops").unlink()
    with pytest.raises(Corrupt, match="missing"):
        flavor.load(tmp_path, options)


def test_nothing_is_left_of_a_model_inside_of_which_something_is_not_stored(tmp_path):
    made = Voters().fit(*rows(2))
    made.voters.append(print)
    with pytest.raises(Untrusted, match=r"state\['voters'\]\[2\] is a builtins"):
        load("flavors", "python").save(made, tmp_path)
    assert list(tmp_path.iterdir()) == []
