"""The fourth lazy door: parts of a verb that load scikit-learn or pyarrow, opened only for real work.

`train`, `eval` and `promote` a second time find their answer in the store; these modules are not imported
then.
"""

from importlib import import_module
from typing import Any

_ENGINES = {
    "adding": "mlctl.verbs.data_add",
    "attribution": "mlctl.verbs.attribution",
    "data_transfer": "mlctl.verbs.data_transfer",
    "documents": "mlctl.verbs.documents",
    "fitting": "mlctl.verbs.fitting",
    "measuring": "mlctl.verbs.measuring",
    "numbering": "mlctl.verbs.numbering",
    "promoting": "mlctl.verbs.promote",
    "repeating": "mlctl.verbs.repeating",
    "refitting": "mlctl.verbs.refitting",
    "replays": "mlctl.verbs.replays",
    "appending": "mlctl.verbs.appending",
    "part_intake": "mlctl.verbs.part_intake",
    "imports": "mlctl.verbs.imports",
    "intake_tables": "mlctl.verbs.intake_tables",
    "remote_presence": "mlctl.verbs.remote_presence",
    "remote_stores": "mlctl.verbs.remote_stores",
    "splitting": "mlctl.verbs.splitting",
    "sent_again": "mlctl.verbs.sent_again",
    "tables": "mlctl.verbs.tables",
    "telling_apart": "mlctl.verbs.telling_apart",
}


def engine(name: str) -> Any:
    """The module of one engine."""
    return import_module(_ENGINES[name])
