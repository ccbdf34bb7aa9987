"""`mlctl serve`."""

from typing import Any

import msgspec

from mlctl.domain.progress import Event

DEFAULT_PORT = 8421


class ServeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to serve, and where.

    Attributes:
        target: "demand@production", "production", "demand" (its production stage), or a fixed "demand@7";
            None means the production stage of the project's one model.
        port: 0 takes a free one.
        workers: processes; 1 in this version.
    """

    target: str | None = None
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    workers: int = 1


class ServeEvent(Event, frozen=True, kw_only=True):
    """Something that happened while serving; `step` is its name.

    "started" {url, port, pid, model, version, digest, stage, log, example} ·
    "swapped" {model, version, digest, previous, decision, seconds} ·
    "swap_refused" {digest, id, message, serving} · "log_failed" {model, message} · "bug" {message} ·
    "stopped" {url, model, version, digest, stage, signal}.
    """

    facts: dict[str, Any] = msgspec.field(default_factory=dict)


class ServeResult(msgspec.Struct, frozen=True, kw_only=True):
    """What was served at the end.

    Attributes:
        signal: what stopped it, by name.
    """

    url: str
    model: str
    version: int
    digest: str
    stage: str | None
    signal: str
