"""Tells the configured trackers of a decision after it is committed. A tracker that fails is a warning.

Trackers are configured by name in `.mlctl/config.toml` (shared by git) and `config.local.toml` (private; wins
key by key): `[trackers.jsonl] path = "decisions.jsonl"`. The name is the plugin's, or `plugin = "..."` says
which.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from mlctl.contracts import registry
from mlctl.domain.credentials import strip
from mlctl.domain.decision import Committed
from mlctl.domain.sharing import is_pending
from mlctl.project.session import Session

if TYPE_CHECKING:
    from mlctl.contracts.tracker import Tracker

LOCAL = "config.local.toml"


def notify(session: Session, committed: Committed | None) -> tuple[str, ...]:
    """Tell every tracker; warnings of those that failed. None (nothing was decided) tells nobody.

    Of a decision that waits for publication they are told when it is published.
    """
    if committed is None or is_pending(committed.entry.number):
        return ()
    event = event_of(committed)
    warnings = []
    try:
        configured = configured_trackers(session)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return (f"trackers are not told of decision {committed.entry.number}: {error}",)
    for name, options in configured.items():
        try:
            tracker: Tracker = registry.load("trackers", str(options.get("plugin", name)))
            tracker.tell(event, options)
        except Exception as error:  # noqa: BLE001 - whatever a tracker does, the decision stands
            warnings.append(
                f"tracker {name} was not told of decision {committed.entry.number}: {strip(str(error))}"
            )
    return tuple(warnings)


def event_of(committed: Committed) -> Mapping[str, Any]:
    """What trackers hear of a decision."""
    entry = committed.entry
    return {
        "kind": entry.kind,
        "number": entry.number,
        "sha256": committed.sha256,
        "time": entry.committed_at,
        "actor": msgspec.to_builtins(entry.actor),
        "changes": msgspec.to_builtins(entry.changes),
        "reason": entry.reason,
    }


def configured_trackers(session: Session) -> dict[str, dict[str, Any]]:
    """The options of each tracker; `root` is the project's folder.

    Raises:
        tomllib.TOMLDecodeError: a configuration file is no TOML.
    """
    config = session.repository.layout.config
    found: dict[str, dict[str, Any]] = {}
    for path in (config, config.with_name(LOCAL)):
        for name, options in _trackers(path).items():
            found[name] = {**found.get(name, {}), **options, "root": str(session.root)}
    return found


def _trackers(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    trackers = document.get("trackers", {})
    return {name: options for name, options in trackers.items() if isinstance(options, dict)}
