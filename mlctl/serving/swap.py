"""Following a name: load the new model beside the old, swap between two requests, refuse what is not trusted.

A request takes the slot's `Live` once and keeps it to its end, so that no answer mixes two models. Assigning
the slot is one reference, hence atomic.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from mlctl.contracts.pointer import Held, Pointer
from mlctl.domain.errors import MlctlError
from mlctl.domain.ids import Digest
from mlctl.serving.metrics import Metrics
from mlctl.serving.plan import Plan
from mlctl.serving.protocol import RowReader

INTERVAL = 0.25
"""Seconds between two looks at the name."""
PATIENCE = 10.0
"""Seconds until a refused version is tried again (its files may have been restored)."""

Tell = Callable[[str, Mapping[str, Any]], None]
"""Takes an event's name and its facts; called from any thread."""


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """One model in service: the version, its plan and its request reader."""

    held: Held
    plan: Plan
    reader: RowReader


class Slot:
    """The model in service now; None before the first is loaded."""

    def __init__(self) -> None:
        self.live: Live | None = None


class Follower:
    """Keeps a slot at what a pointer means.

    Args:
        compile: makes a `Live` of verified files; may raise anything, which refuses the version.
        tell: hears "swapped" {model, version, digest, previous, decision, seconds} and
            "swap_refused" {digest, id, message, serving}.
    """

    def __init__(
        self,
        pointer: Pointer,
        slot: Slot,
        compile: Callable[[Held], Live],  # noqa: A002 - to compile is what it does
        *,
        metrics: Metrics,
        tell: Tell,
    ) -> None:
        self._pointer = pointer
        self._slot = slot
        self._compile = compile
        self._metrics = metrics
        self._tell = tell
        self._refused: Digest | None = None
        self._again_at = 0.0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def load_first(self) -> Live:
        """Fill the slot for the first time; raises what makes it impossible."""
        live = self._load()
        self._slot.live = live
        self._metrics.served(live.held.model.model, live.held.version, live.held.digest)
        return live

    def look(self) -> bool:
        """Swap if the name means another version now; whether it did. Never raises."""
        try:
            digest = self._pointer.peek()
        except (MlctlError, OSError) as error:
            self._refuse(None, error)
            return False
        live = self._slot.live
        if digest is None or (live is not None and digest == live.held.digest):
            return False
        if digest == self._refused and time.monotonic() < self._again_at:
            return False
        started = time.monotonic()
        try:
            fresh = self._load()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a new model, the old one keeps serving
            self._refuse(digest, error)
            return False
        self._slot.live = fresh
        self._swapped(live, fresh, time.monotonic() - started)
        return True

    def start(self) -> None:
        """Look again and again in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="follow-stage", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; waits for a load under way."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(INTERVAL):
            self.look()

    def _load(self) -> Live:
        live = self._compile(self._pointer.resolve())
        live.plan.warm()
        return live

    def _swapped(self, before: Live | None, live: Live, seconds: float) -> None:
        held = live.held
        self._refused = None
        self._metrics.swaps += 1
        self._metrics.served(held.model.model, held.version, held.digest)
        self._tell(
            "swapped",
            {
                "model": held.model.model,
                "version": held.version,
                "digest": held.digest,
                "previous": None if before is None else before.held.version,
                "decision": held.decision,
                "seconds": round(seconds, 3),
            },
        )

    def _refuse(self, digest: Digest | None, error: Exception) -> None:
        if digest is None and time.monotonic() < self._again_at:
            return
        self._refused = digest
        self._again_at = time.monotonic() + PATIENCE
        self._metrics.swap_failures += 1
        reason = error.id if isinstance(error, MlctlError) else type(error).__name__
        live = self._slot.live
        self._tell(
            "swap_refused",
            {
                "digest": digest,
                "id": reason,
                "message": str(error),
                "serving": None if live is None else live.held.version,
            },
        )
