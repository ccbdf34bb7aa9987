"""What a server says in a terminal: a sober banner, one line an event; all of it on stderr."""

import json
import shlex
from typing import Any

from rich.console import Console

from mlctl.domain.requests.serve import ServeEvent, ServeResult


def render(data: ServeResult, out: Console) -> None:
    """Nothing: everything was said while it happened."""
    del data, out


def line(event: ServeEvent) -> str:
    """One event as text, one line each but for the banner."""
    facts = event.facts
    match event.step:
        case "started":
            return _banner(facts)
        case "swapped":
            before, now = (f"{facts['model']}@{facts[which]}" for which in ("previous", "version"))
            return f"swapped {before} for {now} ({facts['seconds']} s)"
        case "swap_refused":
            what = f"version {facts['digest'][:12]}" if facts["digest"] else "the stage"
            kept = f"still serving @{facts['serving']}"
            return f"error: {what} is refused ({facts['id']}): {facts['message']}; {kept}"
        case "log_failed":
            return f"error: the prediction log cannot be written: {facts['message']}; answering 503"
        case "stopped":
            return f"stopped by {facts['signal']}; every request was finished and the log is closed"
        case _:
            return f"error: {facts.get('message', event.step)}"


def _banner(facts: dict[str, Any]) -> str:
    name = f"{facts['model']}@{facts['version']}"
    held = f" ({facts['stage']}; a promotion or rollback swaps it)" if facts["stage"] else " (fixed)"
    body = json.dumps(facts["example"], default=str)
    return "\n".join(
        [
            f"serving {name}{held} at {facts['url']}, log: {facts['log']}",
            f"  curl {facts['url']}/predict -d {shlex.quote(body)}",
        ]
    )
