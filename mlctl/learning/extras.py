"""Libraries that mlctl stores models of and does not bring along itself, each with the extra that does."""

from mlctl.domain.errors import NotInstalled

EXTRAS = {
    "lightgbm": "lightgbm",
    "onnx": "onnx",
    "onnxruntime": "onnx",
    "torch": "torch",
    "xgboost": "xgboost",
}


def not_installed(module: str, what: str) -> NotInstalled:
    """That a module is not there; with the extra that brings it, where one does."""
    extra = EXTRAS.get(module)
    if extra is None:
        return NotInstalled(f"{what}: there is no module {module!r}", "mlctl spec explain", module=module)
    return NotInstalled(
        f"{what}: there is no module {module!r}; the extra {extra!r} of mlctl brings it",
        f"pip install 'mlctl[{extra}]'",
        module=module,
        extra=extra,
    )
