"""The spec of a model as a run kept it, in today's shape.

Until stages had other keys than metrics, a stage's gates were kept as a table of metrics alone.
"""

from typing import Any

import msgspec

from mlctl.domain.spec import ModelSpec
from mlctl.domain.spec_gates import StageGates


def kept_spec(data: bytes) -> ModelSpec:
    """The spec that the bytes hold.

    Raises:
        msgspec.DecodeError: they hold none.
    """
    raw = msgspec.json.decode(data, type=dict[str, Any])
    gates = raw.get("gates")
    if isinstance(gates, dict):
        raw["gates"] = {stage: _whole(table) for stage, table in gates.items()}
    return msgspec.convert(raw, ModelSpec)


def _whole(table: Any) -> Any:
    rest = StageGates.rest
    return {rest: table} if isinstance(table, dict) and rest not in table else table
