"""Whether two versions tested on the same rows can be told apart: from the store alone, without a fit."""

import msgspec
import numpy as np

from mlctl.domain.evaluation import IncumbentResult
from mlctl.domain.ids import Digest
from mlctl.domain.metric import first_judged
from mlctl.domain.model import ModelVersion
from mlctl.domain.run import Run
from mlctl.evidence.measuring import Scored, labels_of
from mlctl.evidence.telling import costs_apart, told
from mlctl.learning.evaluate import Comparison, Rival, compare, resample_unit
from mlctl.learning.rows import targets
from mlctl.learning.weights import weights_of
from mlctl.project.session import Session
from mlctl.tabular.parquet import table_from
from mlctl.training.asked import metric_names
from mlctl.training.learnt import learnt_by, test_digest
from mlctl.training.repeating import repeated, stored_answers


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two versions."""

    label: str
    number: int
    digest: Digest
    run: Run


def told_apart(session: Session, old: Side, new: Side) -> IncumbentResult | None:
    """What an evaluation of the new one beside the old one would say; None where the store has too little.

    None too where they predict different things, or where a retention rule has let answers go. That both have
    been tested on the same rows is the caller's to know.

    Raises:
        Missing, Corrupt: their data are gone or damaged.
    """
    facts, objects = session.repository.facts, session.repository.objects
    versions = [facts.get(ModelVersion, side.digest) for side in (old, new)]
    signature = versions[1].signature
    references = [one.reference for one in versions if one.reference and objects.has(one.reference)]
    if len(references) < len(versions) or not signature.asks_as(versions[0].signature):
        return None
    learnt = learnt_by(session, new.run, versions[1])
    truth = targets(learnt.test.column(signature.target), signature.classes)
    tables = [table_from(objects.read(one)) for one in references]
    if any(table.num_rows != len(truth) for table in tables):
        return None
    weights = weights_of(learnt.test, learnt.spec.weight)
    answers = [stored_answers(table, versions[1], signature, truth, weights) for table in tables]
    scored = Scored(name=new.label, digest=new.digest, table=learnt.test, moments=learnt.test_moments)
    metrics = metric_names(learnt.spec, signature.task)
    rows = (test_digest(learnt.test, versions[1]), truth, weights)
    costs = costs_apart(signature, versions[0].signature, old.label)
    luck = (
        repeated(session, new.digest, versions[1], rows, signature),
        repeated(session, old.digest, versions[0], rows, signature),
    )
    found = compare(
        Comparison(
            metrics=metrics,
            candidate=answers[1],
            baseline=answers[0],
            labels=labels_of(resample_unit(learnt.spec, learnt.test_moments), scored),
            samples=learnt.spec.eval.samples,
            seed=new.run.seed,
            rival=Rival(
                answers=answers[0],
                mask=np.ones(len(truth), dtype=bool),
                aside=frozenset({"cost"} if costs else ()),
            ),
            repeated=luck,
        )
    )
    primary = first_judged(metrics, probabilities=answers[1].probabilities is not None)
    result = IncumbentResult(
        version=old.number, digest=old.digest, artefact="tested", rows=len(truth), why=costs
    )
    return told(result, found, primary, luck, new.label)
