"""The process of one fit from the record: `python -P -m mlctl.reproduction.fit_again JOB`.

It reads records and data from the project's store, runs the code of the clean work tree, stores nothing.
"""

import ctypes
import dataclasses
import hashlib
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

import msgspec

from mlctl.domain.errors import MlctlError
from mlctl.domain.replay import Job, Replayed
from mlctl.learning.controls import hold, same_addresses

_PARENT_DEATH = 1


def main(job_file: str) -> None:
    """Do the job; its answer is on disk when this returns."""
    _end_with_parent()
    job = msgspec.json.decode(Path(job_file).read_bytes(), type=Job)
    if job.controls.addresses:
        same_addresses()
    folder = Path(job.answer)
    try:
        answer, reference = _again(job)
        (folder / "reference.parquet").write_bytes(reference)
    except MlctlError as error:
        answer = Replayed(error=error.message)
    except Exception:  # noqa: BLE001 - whatever the fit raised is the answer
        answer = Replayed(error=traceback.format_exc(limit=-3).strip())
    (folder / "answer.json").write_bytes(msgspec.json.encode(answer, enc_hook=str))


def _end_with_parent() -> None:
    """Let the system end this process where the one that has started it is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH, signal.SIGKILL)


def _again(job: Job) -> tuple[Replayed, bytes]:
    from mlctl.domain.model import ModelVersion  # noqa: PLC0415 - after the process has begun again
    from mlctl.project.resolve import resolve_run  # noqa: PLC0415 - as above
    from mlctl.project.session import Session  # noqa: PLC0415 - as above
    from mlctl.reproduction.replaying import refitted, tested  # noqa: PLC0415 - as above
    from mlctl.training.learnt import learnt_by  # noqa: PLC0415 - as above

    session = Session.open(Path(job.project))
    version = session.repository.facts.get(ModelVersion, job.version)
    run = resolve_run(session, version.run).run
    learnt = learnt_by(session, run, version)
    source = dataclasses.replace(learnt.source, root=Path(job.tree))
    learnt = dataclasses.replace(learnt, source=source)
    hold(job.controls, Path(job.tree))
    made: Any = refitted if version.refit_of is not None else tested
    replayed, reference = made(session, version, learnt)
    return msgspec.structs.replace(replayed, answers=hashlib.sha256(reference).hexdigest()), reference


if __name__ == "__main__":
    main(sys.argv[1])
