"""Metrics in the order of the spec: records keep their names sorted, people put first what matters first."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from mlctl.domain.errors import MlctlError
from mlctl.domain.metric import DEFAULTS
from mlctl.project.session import Session

Value = TypeVar("Value")


def metric_order(session: Session, model: str) -> tuple[str, ...]:
    """The metrics that the spec declares for a model; () where no valid spec does."""
    try:
        return tuple(session.spec.model[model].eval.metrics)
    except (MlctlError, KeyError):
        return ()


def in_order(values: Mapping[str, Value], declared: Iterable[str]) -> dict[str, Value]:
    """The values, those of declared names first; where none is declared, as the usual metrics of a task."""
    usual = next((names for names in DEFAULTS.values() if values.keys() <= set(names)), ())
    wanted = dict.fromkeys((*(tuple(declared) or usual), *values))
    return {name: values[name] for name in wanted if name in values}
