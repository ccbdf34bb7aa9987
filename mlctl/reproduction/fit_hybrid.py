"""One hybrid fitted and scored; as `python -P -m mlctl.reproduction.fit_hybrid JOB` in a process of its own.

It reads data from the project's store, runs the code of the clean work tree, stores nothing. With `--host` it
loads all that a fit needs, and forks for each job (`fit_host`).
"""

import contextlib
import ctypes
import importlib
import os
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

import msgspec
import pyarrow as pa

from mlctl.datasets.tables import read_version
from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import MlctlError, TrainingFailed
from mlctl.domain.hybrid import HostedJob, Hybrid, HybridJob, Mixture
from mlctl.learning.fit import Source, fit, problem_of
from mlctl.project.session import Session
from mlctl.reproduction.scored_rows import ScoredRows, apart
from mlctl.statistics.metrics import value
from mlctl.tabular.parquet import table_from
from mlctl.training.asked import answers
from mlctl.training.learnt import Learnt, settle

_PARENT_DEATH = 1
_USUAL = (
    "sklearn.compose",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "sklearn.pipeline",
    "sklearn.preprocessing",
)


def main(job_file: str) -> None:
    """Do the job; its answer is on disk when this returns."""
    _end_with_parent()
    job = msgspec.json.decode(Path(job_file).read_bytes(), type=HybridJob)
    Path(job.answer).write_bytes(msgspec.json.encode(hybrid_of(Session.open(Path(job.project)), job)))


def host() -> None:
    """Fork for each job that comes on stdin; say each one's process, and how it ended."""
    _end_with_parent()
    for name in _USUAL:
        importlib.import_module(name)
    for line in sys.stdin.buffer:
        job = msgspec.json.decode(line, type=HostedJob)
        process = os.fork()
        if not process:
            _alone(job)
        _say(process)
        os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process, signal.SIGKILL)  # all that it has started
        _say(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))


def _say(number: int) -> None:
    os.write(1, b"%d\n" % number)


def _alone(job: HostedJob) -> None:
    """Do a job in this process, and end it."""
    code = 1
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDONLY)
        log = os.open(Path(job.folder) / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for number, descriptor in enumerate((nothing, log, log)):
            os.dup2(descriptor, number)
        os.chdir(job.project)
        for name, value in job.variables.items():
            os.environ.pop(name, None)
            os.environ |= {name: value} if value is not None else {}
        tempfile.tempdir = None
        main(str(Path(job.folder) / "job.json"))
        code = 0
    except BaseException:  # noqa: BLE001 - nothing may go on in a second copy of the host
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _end_with_parent() -> None:
    """Let the system end this process where the one that has started it is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH, signal.SIGKILL)


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
    own = answers(fit(train, problem), problem, table, weight=job.held.weight)
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
    host() if sys.argv[1] == "--host" else main(sys.argv[1])
