"""One hybrid fitted and scored; as `python -P -m mlctl.verbs.fit_hybrid JOB` in a process of its own.

It reads data from the project's store, runs the code of the clean work tree, stores nothing.
"""

import ctypes
import signal
import sys
import time
import traceback
from pathlib import Path

import msgspec
import pyarrow as pa

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import MlctlError, TrainingFailed
from mlctl.domain.hybrid import Hybrid, HybridJob, Mixture
from mlctl.learning.fit import Source, fit, problem_of
from mlctl.statistics.metrics import value
from mlctl.tabular.parquet import table_from
from mlctl.verbs.asked import answers
from mlctl.verbs.learnt import Learnt, settle
from mlctl.verbs.scored_rows import ScoredRows, apart
from mlctl.verbs.session import Session
from mlctl.verbs.tables import read_version

_PARENT_DEATH = 1


def main(job_file: str) -> None:
    """Do the job; its answer is on disk when this returns."""
    if sys.platform == "linux":  # end where the one that has started this process is killed
        ctypes.CDLL(None).prctl(_PARENT_DEATH, signal.SIGKILL)
    job = msgspec.json.decode(Path(job_file).read_bytes(), type=HybridJob)
    Path(job.answer).write_bytes(msgspec.json.encode(hybrid_of(Session.open(Path(job.project)), job)))


def hybrid_of(session: Session, job: HybridJob) -> Hybrid:
    """What comes of it; whatever the fit raises is the answer."""
    began = time.monotonic()
    try:
        found = _fitted(session, job)
    except MlctlError as error:
        found = Hybrid(error=error.message)
    except Exception:  # noqa: BLE001 - whatever the fit raised is the answer
        found = Hybrid(error=traceback.format_exc(limit=-3).strip())
    return msgspec.structs.replace(found, seconds=round(time.monotonic() - began, 3))


def _fitted(session: Session, job: HybridJob) -> Hybrid:
    table = table_from(Path(job.held.table).read_bytes())
    scored = ScoredRows(table=table, names=job.held.names, since=job.held.since, left_out=0)
    learnt = rows_of_mixture(session, job.mixture, Path(job.tree))
    chosen = apart(learnt, scored)
    train = learnt.train.filter(pa.array(chosen))
    if not train.num_rows:
        raise TrainingFailed("no row is left to learn from that is not scored", "mlctl diff --help")
    problem = problem_of(learnt.rows, learnt.spec, learnt.source)
    own = answers(fit(train, problem), problem, table)
    return Hybrid(metrics={name: value(name, own) for name in job.metrics}, rows=train.num_rows)


def rows_of_mixture(session: Session, mixture: Mixture, root: Path) -> Learnt:
    """The rows of a mixture, chosen and split as its spec says."""
    versions = {
        role: session.repository.facts.get(DatasetVersion, digest) for role, digest in mixture.data.items()
    }
    tables = {role: read_version(session, version) for role, version in versions.items()}
    source = Source(
        label=versions["train"].name,
        root=root,
        key=mixture.key,
        time=mixture.time,
        context=mixture.context,
    )
    return settle(
        tables["train"],
        tables.get("test") if mixture.spec.split.by == "dataset" else None,
        mixture.spec,
        source,
        held_label=versions["test"].name if "test" in versions else "",
        window=mixture.window,
        apply_where=mixture.apply_where,
    )


if __name__ == "__main__":
    main(sys.argv[1])
