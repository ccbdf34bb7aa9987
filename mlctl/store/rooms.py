"""The rooms of the store that are loaded when first asked for.

Loading pyarrow takes a quarter of a second; `status` and a server that logs its answers do not need it. Only
`init` needs a writer of TOML.
"""

from importlib import import_module
from typing import Any

_ROOMS = {
    "answer_tables": "mlctl.store.answer_tables",
    "config_file": "mlctl.store.config_file",
    "labels": "mlctl.store.labels",
    "run_table": "mlctl.store.run_table",
}


def room(name: str) -> Any:
    """The module of one room."""
    return import_module(_ROOMS[name])
