"""How often candidates have been held against an incumbent on the same test rows: looking again costs."""

from datetime import datetime

from mlctl.domain.evaluation import Evaluation
from mlctl.project.session import Session

_SAME = 0.5


def tries_of(session: Session, evaluation: Evaluation) -> int:
    """The candidates that have been compared on these test rows until this one, itself included.

    Each version counts once, whatever it was compared with; one without an incumbent was no comparison. Rows
    are the same where their digests are equal, or where the spans of their event times overlap by at least
    half of the shorter: a test set that moves on by a day is the old one with a day more.

    Args:
        session: whose repository's evaluations are counted, those that others have shared among them.
        evaluation: of the candidate.
    """
    tried: dict[str, str] = {}
    for _, one in session.repository.facts.where(Evaluation, model=evaluation.model):
        compared = one.incumbent.version is not None and one.stage == evaluation.stage
        if compared and _same_rows(one, evaluation):
            first = tried.get(one.model_digest, one.created_at)
            tried[one.model_digest] = min(first, one.created_at)
    own = tried.pop(evaluation.model_digest, evaluation.created_at)
    return 1 + sum(first < own for first in tried.values())


def _same_rows(one: Evaluation, other: Evaluation) -> bool:
    if one.dataset != other.dataset:
        return False
    if one.test is not None and one.test == other.test:
        return True
    spans = [
        (datetime.fromisoformat(found.test_from), datetime.fromisoformat(found.test_through))
        for found in (one, other)
        if found.test_from is not None and found.test_through is not None
    ]
    if len(spans) < 2:  # noqa: PLR2004 - both of them
        return False
    shared = min(end for _, end in spans) - max(start for start, _ in spans)
    shorter = min(end - start for start, end in spans)
    return shared >= shorter * _SAME
