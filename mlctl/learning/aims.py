"""Whether an estimator aims at the quantile that the spec asks for; by its class, where it is known."""

from collections.abc import Mapping
from typing import Any

import msgspec

from mlctl.domain.errors import UsageError

_TINY = 1e-12


class Aim(msgspec.Struct, frozen=True):
    """How an estimator is told: parameters that say "a quantile", and the one that says which."""

    says: dict[str, str]
    level: str


_AIMS = {
    "GradientBoostingRegressor": Aim({"loss": "quantile"}, "alpha"),
    "HistGradientBoostingRegressor": Aim({"loss": "quantile"}, "quantile"),
    "QuantileRegressor": Aim({}, "quantile"),
    "LGBMRegressor": Aim({"objective": "quantile"}, "alpha"),
    "XGBRegressor": Aim({"objective": "reg:quantileerror"}, "quantile_alpha"),
}


def aimed(name: str, given: Mapping[str, Any], quantile: float | None) -> dict[str, Any]:
    """The parameters, with those that aim at the quantile where the spec does not say them.

    `name` is that of the estimator's class.
    """
    aim = _AIMS.get(name)
    if aim is None or quantile is None:
        return dict(given)
    return {**aim.says, aim.level: quantile, **given}


def check_aim(estimator: Any, quantile: float | None) -> None:
    """That an estimator, or the one inside a pipeline or a search, aims at the quantile; unknown ones may.

    Raises:
        UsageError: its own parameters say something else.
    """
    inner = _innermost(estimator)
    kind = type(inner).__name__
    aim = _AIMS.get(kind)
    if aim is None or quantile is None:
        return
    own = inner.get_params(deep=False)
    for name, value in aim.says.items():
        if own.get(name) != value:
            _refuse(kind, name, own.get(name), quantile, f'{name} = "{value}"')
    level = own.get(aim.level)
    if not isinstance(level, int | float) or abs(level - quantile) > _TINY:
        _refuse(kind, aim.level, level, quantile, f"{aim.level} = {quantile:g}")


def _refuse(kind: str, name: str, value: Any, quantile: float, wanted: str) -> None:
    raise UsageError(
        f"{name} = {value!r} of {kind} does not aim at quantile = {quantile:g} of the spec; "
        f"leave it out of params, or write {wanted}",
        "mlctl spec explain",
        parameter=name,
        quantile=quantile,
    )


def _innermost(estimator: Any) -> Any:
    if hasattr(estimator, "steps"):
        return _innermost(estimator.steps[-1][1])
    for name in ("regressor", "estimator"):
        inner = getattr(estimator, name, None)
        if hasattr(inner, "fit"):
            return _innermost(inner)
    return estimator
