from dataclasses import replace

import numpy as np
import pyarrow as pa

from mlctl.domain.model import Signature
from mlctl.learning.tables import answered_table
from mlctl.statistics.metrics import Answers


def signature(classes=()):
    return Signature(inputs=(), target="y", target_type="number", task="x", classes=classes)


def test_rows_stand_beside_what_each_model_answered():
    rows = pa.table({"id": [1, 2], "x": [3, 4], "other": [0, 0], "y": [1.0, 2.0]})
    own = Answers(truth=np.zeros(2), output=np.array([1.5, 2.5]))
    rival = Answers(truth=np.zeros(2), output=np.array([9.0, np.nan]))
    made = answered_table(rows, ["id", "x"], signature(), own, {"incumbent": rival})
    assert made.to_pylist() == [
        {"id": 1, "x": 3, "y": 1.0, "mlctl.output": 1.5, "mlctl.incumbent": 9.0},
        {"id": 2, "x": 4, "y": 2.0, "mlctl.output": 2.5, "mlctl.incumbent": None},
    ]


def test_classes_are_written_as_labels_with_their_probabilities():
    rows = pa.table({"y": ["a", "b"]})
    chances = np.array([[0.9, 0.1], [0.4, 0.6]])
    own = Answers(truth=np.zeros(2), output=np.array([0, 1]), probabilities=chances, classes=2)
    unknown = Answers(truth=np.zeros(2), output=np.array([1, -1]), classes=2)
    made = answered_table(rows, [], signature(("a", "b")), own, {"incumbent": unknown})
    assert made.column("mlctl.output").to_pylist() == ["a", "b"]
    assert made.column("mlctl.probabilities").to_pylist() == chances.tolist()
    assert made.column("mlctl.incumbent").to_pylist() == ["b", None]
    assert made.column_names[-1] == "mlctl.incumbent"
    known = replace(unknown, probabilities=np.array([[0.2, 0.8], [np.nan, np.nan]]))
    kept = answered_table(rows, [], signature(("a", "b")), own, {"baseline": own, "incumbent": known})
    assert kept.column_names[-2:] == ["mlctl.incumbent", "mlctl.incumbent.probabilities"]
    assert kept.column("mlctl.incumbent.probabilities").to_pylist()[0] == [0.2, 0.8]
