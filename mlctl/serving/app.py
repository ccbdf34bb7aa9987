"""The HTTP application: `POST /predict` as a bare ASGI function, the rest as Starlette routes.

`/health/live`: the process runs · `/health/ready`: a model is loaded and has answered once (503 until then) ·
`/model` and `/`: what is served, with its inputs and an example · `/metrics`: Prometheus text.
Rows are logged before they are answered. Every error is JSON `{"error": {"id", "message", "row", "column"}}`.
"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from mlctl.contracts.journal import Journal
from mlctl.domain.errors import MlctlError, PredictionFailed
from mlctl.domain.prediction import Answered
from mlctl.serving.ids import ulids
from mlctl.serving.metrics import CONTENT_TYPE, Metrics
from mlctl.serving.protocol import Answer, Columns, Refused, error_body
from mlctl.serving.swap import Live, Slot, Tell

INLINE_ROWS = 64
"""Up to so many rows are answered on the event loop's thread; more go to a worker: others need not wait."""
_WORKERS = 4
_LONGEST_REQUEST_ID = 128
_QUIET = 1.0
"""Seconds between two reports of a log that fails."""
_JSON = (b"content-type", b"application/json")
_ENCODE = msgspec.json.Encoder().encode


class Application:
    """ASGI, for one slot and one log.

    Args:
        journal: None for `log = "off"`.
        flushes: the journal flushes before `append` returns, so it is called from a worker.
        max_body: bytes of a request.
        tell: hears "log_failed" {model, message} and "bug" {message}.
    """

    def __init__(
        self,
        slot: Slot,
        journal: Journal | None,
        *,
        metrics: Metrics,
        max_body: int,
        tell: Tell,
        flushes: bool = False,
    ) -> None:
        self._slot = slot
        self._journal = journal
        self._flushes = flushes
        self._metrics = metrics
        self._max_body = max_body
        self._tell = tell
        self._quiet_until = 0.0
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="predict")
        self._others = self._routes()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["path"] == "/predict" and scope["method"] == "POST":
            await self._predict(scope, receive, send)
        else:
            await self._others(scope, receive, send)

    def close(self) -> None:
        """End the workers and the log; call it once no request is in flight."""
        self._workers.shutdown()
        if self._journal is not None:
            self._journal.close()

    async def _predict(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        live = self._slot.live
        request_id: bytes | None = None
        length = 0
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                request_id = value[:_LONGEST_REQUEST_ID]
            elif name == b"content-length":
                length = int(value)
        try:
            content = await self._content(live, receive, length, started)
            if content is None:
                return
            status = 200
        except Refused as refused:
            self._count_refused(live, refused)
            status, content = refused.status, refused.body()
        except Exception as error:  # noqa: BLE001 - a bug must not take the connection down, nor show its insides
            self._tell("bug", {"message": f"{type(error).__name__}: {error}"})
            status, content = 500, error_body("bug", "the server failed on this request")
        headers = [_JSON, (b"content-length", b"%d" % len(content))]
        if request_id is not None:
            headers.append((b"x-request-id", request_id))
        if status == 413:  # noqa: PLR2004 - HTTP: too large; what is left of the body is not read
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _content(
        self, live: Live | None, receive: Receive, length: int, started: float
    ) -> bytes | None:
        """The answer's body; None if the caller went away."""
        if live is None:
            raise Refused(503, "not_ready", "the model is still being loaded")
        body = await self._body(receive, length)
        return None if body is None else await self._answer(live, body, started)

    async def _body(self, receive: Receive, length: int) -> bytes | None:
        """The whole body; None if the caller went away."""
        if length > self._max_body:
            raise self._too_large()
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body: bytes = message.get("body", b"")
        if not message.get("more_body", False) and len(body) <= self._max_body:
            return body
        parts = [body]
        size = len(body)
        while message.get("more_body", False):
            if size > self._max_body:
                break
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            parts.append(message.get("body", b""))
            size += len(parts[-1])
        if size > self._max_body:
            raise self._too_large()
        return b"".join(parts)

    def _too_large(self) -> Refused:
        return Refused(
            413, "body_too_large", f"the body is larger than {self._max_body} bytes (max_body in mlctl.toml)"
        )

    async def _answer(self, live: Live, body: bytes, started: float) -> bytes:
        columns = live.reader.read(body)
        rows = len(columns[live.reader.names[0]])
        if rows <= INLINE_ROWS and not self._flushes:
            content = self._work(live, columns, rows)
        else:
            loop = asyncio.get_running_loop()
            content = await loop.run_in_executor(self._workers, self._work, live, columns, rows)
        held, metrics = live.held, self._metrics
        metrics.predicted(held.model.model, held.version, "ok", rows)
        metrics.unseen(held.model.model, live.plan.unseen(columns))
        metrics.took(time.perf_counter() - started)
        return content

    def _work(self, live: Live, columns: Columns, rows: int) -> bytes:
        """Compute, log, encode; in this order, so that nothing is answered that is not in the log."""
        held = live.held
        started = time.perf_counter()
        try:
            answers = live.plan.answer(columns)
        except PredictionFailed as error:
            raise Refused(500, error.id, error.message, row=error.facts.get("row"), rows=rows) from error
        latency = (time.perf_counter() - started) * 1000
        now = datetime.now(UTC)
        ids = ulids(int(now.timestamp() * 1000), rows)
        if self._journal is not None and rows:
            answered = Answered(
                time=now.isoformat(timespec="milliseconds")[:-6] + "Z",
                model=held.model.model,
                stage=held.stage,
                digest=held.digest,
                ids=ids,
                columns=columns,
                outputs=tuple(answers.outputs),
                probabilities=None
                if answers.probabilities is None
                else tuple(map(tuple, answers.probabilities)),
                latency_ms=round(latency, 3),
            )
            self._log(self._journal, answered)
        return _ENCODE(
            Answer(
                predictions=answers.outputs,
                probabilities=answers.probabilities,
                ids=ids,
                model=held.model.model,
                version=held.version,
                digest=held.digest,
            )
        )

    def _log(self, journal: Journal, answered: Answered) -> None:
        try:
            journal.append(answered)
        except (MlctlError, OSError) as error:
            if time.monotonic() >= self._quiet_until:
                self._quiet_until = time.monotonic() + _QUIET
                self._tell("log_failed", {"model": answered.model, "message": str(error)})
            reason = f"the prediction log cannot be written, so nothing is answered: {error}"
            raise Refused(503, "log_failed", reason, rows=len(answered.ids)) from error

    def _count_refused(self, live: Live | None, refused: Refused) -> None:
        if live is not None:
            status = "refused" if refused.status < 500 else "failed"  # noqa: PLR2004 - HTTP's own border
            self._metrics.predicted(live.held.model.model, live.held.version, status, refused.rows)

    def _routes(self) -> Starlette:
        app = Starlette(
            routes=[
                Route("/", self._model),
                Route("/model", self._model),
                Route("/health/live", _live),
                Route("/health/ready", self._ready),
                Route("/metrics", self._exposition),
                Route("/predict", self._unreachable, methods=["POST"]),
            ],
            exception_handlers={HTTPException: _http_error, 500: _server_error},
        )
        app.router.redirect_slashes = False
        return app

    async def _model(self, _: Request) -> Response:
        live = self._slot.live
        if live is None:
            return _json(error_body("not_ready", "the model is still being loaded"), 503)
        held = live.held
        signature = held.model.signature
        return _json(
            _ENCODE(
                {
                    "model": held.model.model,
                    "version": held.version,
                    "digest": held.digest,
                    "stage": held.stage,
                    "decision": held.decision,
                    "run": held.model.run,
                    "task": signature.task,
                    "classes": signature.classes,
                    "inputs": signature.inputs,
                    "example": signature.example,
                }
            )
        )

    async def _ready(self, _: Request) -> Response:
        live = self._slot.live
        if live is None:
            return _json(_ENCODE({"ready": False}), 503)
        return _json(_ENCODE({"ready": True, "model": live.held.model.model, "version": live.held.version}))

    async def _exposition(self, _: Request) -> Response:
        if self._journal is not None:
            self._metrics.dropped = self._journal.dropped
        return Response(self._metrics.text(), headers={"content-type": CONTENT_TYPE})

    async def _unreachable(self, _: Request) -> Response:
        """Only names the path and its method for 405; `__call__` has taken every POST."""
        raise HTTPException(405)


async def _live(_: Request) -> Response:
    return _json(_ENCODE({"live": True}))


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 405:  # noqa: PLR2004 - HTTP: the method is not allowed
        message = f"{request.method} is not allowed on {request.url.path}"
        headers = dict(getattr(error, "headers", None) or {})
        return _json(error_body("method_not_allowed", message), status, headers)
    paths = "POST /predict, GET /model, /health/live, /health/ready, /metrics"
    return _json(error_body("not_found", f"nothing at {request.url.path}; there are {paths}"), status)


async def _server_error(_: Request, __: Exception) -> Response:
    return _json(error_body("bug", "the server failed on this request"), 500)


def _json(content: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(content, status, headers=headers, media_type="application/json")
