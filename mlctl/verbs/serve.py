"""Serves a model over HTTP until a signal says stop, following its stage.

Checks the stage, takes the port, opens the prediction log, and hands all three to the server. What happens
meanwhile goes to the session's report as `ServeEvent`s.
"""

import os
import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from threadpoolctl import threadpool_limits

from mlctl.contracts.pointer import Held
from mlctl.deployment.plans import plan_of
from mlctl.deployment.pointer import StagePointer, VersionPointer, pointer_to
from mlctl.domain.errors import NotFound, UsageError
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.serve import ServeEvent, ServeRequest, ServeResult
from mlctl.domain.spec import ServeSpec
from mlctl.project.session import Session
from mlctl.serving import server
from mlctl.serving.app import Application
from mlctl.serving.metrics import Metrics
from mlctl.serving.protocol import RowReader
from mlctl.serving.swap import Follower, Live, Slot


def serve(session: Session, request: ServeRequest) -> Outcome[ServeResult]:
    """Serve until SIGTERM (returns) or SIGINT (raises KeyboardInterrupt, after the same drain).

    Raises:
        UsageError: more workers than one.
        NotFound: the stage or version does not exist.
        PortInUse, PermissionRefused: the port cannot be had.
        Corrupt, Missing, Untrusted: the model's files are damaged or not to be trusted.
    """
    if request.workers != 1:
        raise UsageError(
            f"--workers {request.workers}: this version serves from one process",
            "mlctl serve",
            workers=request.workers,
        )
    with (
        closing(pointer_to(session, request.target)) as pointer,
        closing(server.bind(request.host, request.port)) as bound,
        _one_thread(),
    ):
        return _serve(session, pointer, bound)


def _serve(
    session: Session, pointer: StagePointer | VersionPointer, bound: socket.socket
) -> Outcome[ServeResult]:
    settings = _settings(session, pointer.model)
    url = server.url_of(bound)
    port = bound.getsockname()[1]
    metrics, slot = Metrics(), Slot()

    def tell(event: str, facts: Mapping[str, Any]) -> None:
        session.report(ServeEvent(step=event, facts=dict(facts)))

    def live_of(held: Held) -> Live:
        reader = RowReader(held.model.signature, strict=settings.schema == "strict")
        return Live(held=held, plan=plan_of(session, held.model, held.folder), reader=reader)

    def started(live: Live) -> None:
        example = live.held.model.signature.example
        place = {"url": url, "port": port, "pid": os.getpid()}
        tell("started", {**place, **_named(live), "log": settings.log, "example": example})

    journal = (
        None if settings.log == "off" else session.repository.predictions.journal(pointer.model, settings.log)
    )
    app = Application(
        slot, journal, metrics=metrics, max_body=settings.max_body, tell=tell, flushes=settings.log == "sync"
    )
    number = server.run(
        app, Follower(pointer, slot, live_of, metrics=metrics, tell=tell), bound, started=started
    )
    live = slot.live
    if live is None or number == signal.SIGINT:
        raise KeyboardInterrupt
    name = signal.Signals(number).name
    tell("stopped", {"url": url, **_named(live), "signal": name})
    held = live.held
    return Outcome(
        data=ServeResult(
            url=url,
            model=held.model.model,
            version=held.version,
            digest=held.digest,
            stage=held.stage,
            signal=name,
        )
    )


def _named(live: Live) -> dict[str, Any]:
    held = live.held
    return {"model": held.model.model, "version": held.version, "digest": held.digest, "stage": held.stage}


def _settings(session: Session, model: str) -> ServeSpec:
    """What the spec says of serving this model; the defaults where it no longer declares it."""
    try:
        declared = session.spec.model.get(model)
    except NotFound:
        return ServeSpec()
    return ServeSpec() if declared is None else declared.serve


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread a numeric library: more make single rows slower, on a busy machine a hundred times.

    The variable reaches libraries that load later, and their threads; the limit those that are loaded.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with threadpool_limits(limits=1):
        yield
