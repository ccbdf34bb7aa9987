"""The fourth lazy door: parts of a verb that load scikit-learn or pyarrow, opened only for real work.

`train`, `eval` and `promote` a second time find their answer in the store; these modules are not imported
then.
"""

from importlib import import_module
from typing import Any

_ENGINES = {
    "adding": "mlctl.verbs.data_add",
    "attribution": "mlctl.reproduction.attribution",
    "data_transfer": "mlctl.transport.data_transfer",
    "documents": "mlctl.evidence.documents",
    "fitting": "mlctl.training.fitting",
    "measuring": "mlctl.evidence.measuring",
    "numbering": "mlctl.datasets.numbering",
    "promoting": "mlctl.verbs.promote",
    "repeating": "mlctl.training.repeating",
    "refitting": "mlctl.training.refitting",
    "replays": "mlctl.reproduction.replays",
    "appending": "mlctl.datasets.appending",
    "part_intake": "mlctl.datasets.part_intake",
    "imports": "mlctl.datasets.imports",
    "intake_tables": "mlctl.datasets.intake_tables",
    "remote_presence": "mlctl.transport.remote_presence",
    "remote_stores": "mlctl.project.remote_stores",
    "retention": "mlctl.training.retention",
    "splitting": "mlctl.training.splitting",
    "sent_again": "mlctl.transport.sent_again",
    "tables": "mlctl.datasets.tables",
    "telling_apart": "mlctl.evidence.telling_apart",
}


def engine(name: str) -> Any:
    """The module of one engine."""
    return import_module(_ENGINES[name])
