"""Models as text: a line a version."""

from rich.console import Console

from mlctl.domain.ids import short
from mlctl.domain.requests.models import ModelsResult, VersionRow


def render(data: ModelsResult, out: Console) -> None:
    """Print the models."""
    if not data.models:
        out.print("No models.")
    for model in data.models:
        out.print(model.name, style="bold")
        for version in model.versions:
            out.print(_line(version), soft_wrap=True)


def _line(version: VersionRow) -> str:
    metrics = "  ".join(f"{name} {value:.4g}" for name, value in version.metrics.items() if value is not None)
    stages = f"  [{', '.join(version.stages)}]" if version.stages else ""
    made = version.created[:16].replace("T", " ")
    return f"  {version.version:>3}  {short(version.digest)}  {made}  {version.rows} rows  {metrics}{stages}"
