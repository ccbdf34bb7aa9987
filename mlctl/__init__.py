"""mlctl: git for the whole life of a model."""

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mlctl.domain.training_run import TrainingRun

__version__ = "0.1.0"


def run(model: str | None = None, **params: "Any") -> "TrainingRun":
    """The run that this program belongs to, to be used with `with`; outside of `mlctl train` one of its own.

    Args:
        model: outside of `mlctl train`: the model of the spec whose rows are handed over, or any other name
            that the run is listed under; the one that a command trains if None, or the program's name.
        params: values of parameters that neither the spec nor the command line sets.
    """
    begun: TrainingRun = import_module("mlctl.inside.run").begin(model, params)
    return begun
