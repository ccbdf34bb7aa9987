"""The tests of behaviour that a spec declares, carried out on the rows of an evaluation."""

from typing import Any

import numpy as np

from mlctl.domain.evaluation import BehaviourResult
from mlctl.evidence.loading import open_predictor
from mlctl.evidence.verdicts import Question
from mlctl.learning.behaviour import behaves
from mlctl.learning.fit import answers_of
from mlctl.project.session import Session
from mlctl.statistics.metrics import Answers
from mlctl.tabular.encode import Encoder


def behaviour_of(session: Session, question: Question, table: Any) -> tuple[BehaviourResult, ...]:
    """The result of each declared test, in their order.

    Raises:
        UsageError: a test does not fit the model.
    """
    declared = question.spec.eval.tests
    if not declared:
        return ()
    version = question.version
    predictor, encoder = open_predictor(session, version), Encoder(version.features)

    def ask(rows: Any) -> Answers:
        nothing = np.zeros(rows.num_rows)
        return answers_of(predictor, encoder, rows, nothing, version.signature.classes, level=version.level)

    return tuple(behaves(test, table, ask, version.signature, question.seed) for test in declared)
