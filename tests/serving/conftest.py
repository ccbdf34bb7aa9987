"""A tiny model of every column type, a journal in memory and a pointer that a test moves."""

import threading
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from mlctl.contracts.pointer import Held
from mlctl.domain.errors import Corrupt, NotFound
from mlctl.domain.ids import Digest
from mlctl.domain.model import FeatureEncoding, Input, ModelVersion, Signature
from mlctl.domain.prediction import Answered
from mlctl.serving.app import Application
from mlctl.serving.metrics import Metrics
from mlctl.serving.plan import Plan
from mlctl.serving.protocol import RowReader
from mlctl.serving.swap import Follower, Live, Slot

INPUTS = (
    Input(name="id", type="integer", role="context"),
    Input(name="day", type="date", role="context"),
    Input(name="hr", type="integer", role="feature"),
    Input(name="temp (C)", type="number", role="feature", nullable=True),
    Input(name="holiday", type="boolean", role="feature"),
    Input(name="weather", type="string", role="feature", categories=("clear", "rain")),
)
FEATURES = (
    FeatureEncoding(column="hr", type="number", treatment="pass"),
    FeatureEncoding(column="temp (C)", type="number", treatment="impute", fill=10.0),
    FeatureEncoding(column="holiday", type="boolean", treatment="pass"),
    FeatureEncoding(
        column="weather", type="category", treatment="ordinal", categories=("clear", "rain"), fill=-1.0
    ),
)
ROW: dict[str, Any] = {
    "id": 7, "day": "2012-01-01", "hr": 17, "temp (C)": 21.5, "holiday": False, "weather": "rain"
}  # fmt: skip


def signature(task: str = "regression", **changes: Any) -> Signature:
    plain = Signature(inputs=INPUTS, target="cnt", target_type="number", task=task, example=ROW)
    return msgspec.structs.replace(plain, **changes)


def version(number: int = 1, **changes: Any) -> ModelVersion:
    plain = ModelVersion(
        created_at="2026-11-23T12:00:00.000Z",
        model="demand",
        run="01JD8000000000000000000000",
        flavor="tiny",
        artefacts=(),
        estimator="tiny:Sum",
        parameters={},
        features=FEATURES,
        signature=signature(),
        rows=100,
    )
    del number
    return msgspec.structs.replace(plain, **changes)


class Sum:
    """The sum of the row plus a number of its own."""

    def __init__(self, plus: float = 0.0) -> None:
        self.plus = plus

    def predict(self, matrix):
        return matrix.sum(axis=1) + self.plus

    def probabilities(self, matrix):
        del matrix


class Above:
    """Class 1 where the first feature is above 12."""

    def predict(self, matrix):
        return (matrix[:, 0] > 12).astype(np.int64)

    def probabilities(self, matrix):
        chance = matrix[:, 0] / 24
        return np.column_stack([1 - chance, chance])


class MemoryJournal:
    """Keeps what was appended; fails when told to."""

    def __init__(self) -> None:
        self.dropped = 0
        self.answered: list[Answered] = []
        self.failure: Exception | None = None
        self.closed = False

    def append(self, answered: Answered) -> None:
        if self.failure is not None:
            raise self.failure
        self.answered.append(answered)

    def close(self) -> None:
        self.closed = True


class MovingPointer:
    """Means what a test sets it to; digest n is 64 times the digit n."""

    def __init__(self, number: int | None = 1) -> None:
        self.number = number
        self.damaged: set[int] = set()
        self.lock = threading.Lock()

    def peek(self) -> Digest | None:
        return None if self.number is None else Digest(f"{self.number:064x}")

    def resolve(self) -> Held:
        number = self.number
        if number is None:
            raise NotFound("stage production of demand holds nothing", "mlctl promote")
        if number in self.damaged:
            raise Corrupt(f"version {number} is damaged", "mlctl fsck")
        return Held(
            digest=Digest(f"{number:064x}"),
            version=number,
            model=version(),
            folder=Path(),
            stage="production",
            decision=number + 10,
        )


def compile_sum(held: Held) -> Live:
    """Version n adds n thousand, so that an answer tells who gave it."""
    plan = Plan(held.model, Sum(1000.0 * held.version))
    return Live(held=held, plan=plan, reader=RowReader(held.model.signature, strict=True))


class Kit:
    """One application with all that it was made of."""

    def __init__(self, *, max_body: int = 100_000, flushes: bool = False) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.journal = MemoryJournal()
        self.pointer = MovingPointer()
        self.metrics = Metrics()
        self.slot = Slot()
        self.follower = Follower(self.pointer, self.slot, compile_sum, metrics=self.metrics, tell=self.tell)
        self.app = Application(
            self.slot, self.journal, metrics=self.metrics, max_body=max_body, tell=self.tell, flushes=flushes
        )

    def tell(self, event: str, facts: Any) -> None:
        self.events.append((event, dict(facts)))


@pytest.fixture
def kit():
    made = Kit()
    made.follower.load_first()
    return made


@pytest.fixture
def make_kit():
    return Kit


@pytest.fixture
def row():
    return dict(ROW)


@pytest.fixture
def make_signature():
    return signature


@pytest.fixture
def make_version():
    return version


@pytest.fixture
def above():
    return Above()


@pytest.fixture
def total():
    return Sum()
