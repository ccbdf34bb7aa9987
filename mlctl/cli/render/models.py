"""Models as text: a line a version."""

from rich.console import Console

from mlctl.cli.columns import columns, minute
from mlctl.domain.ids import short
from mlctl.domain.requests.models import ModelsResult, VersionRow
from mlctl.domain.sharing import starred


def render(data: ModelsResult, out: Console) -> None:
    """Print the models."""
    if not data.models:
        out.print("no models")
    for model in data.models:
        out.print(model.name, style="bold")
        if len(model.versions) < model.total:
            out.print(f"  … {model.total - len(model.versions):,} older ones; -n 0 shows all", soft_wrap=True)
        rows = [_row(version) for version in model.versions]
        if rows:
            out.print("\n".join(columns(rows, right=(0, 3), indent="  ")), soft_wrap=True)
        for stage, told in model.frozen.items():
            out.print(f"  {stage} is frozen {told}", soft_wrap=True)


def _row(version: VersionRow) -> tuple[str, ...]:
    metrics = "  ".join(f"{name} {value:.4g}" for name, value in version.metrics.items() if value is not None)
    stages = f"  [{', '.join(version.stages)}]" if version.stages else ""
    retired = f"  retired {version.retired}" if version.retired else ""
    return (
        starred(str(version.version), published=version.published),
        short(version.digest),
        minute(version.created),
        f"{version.rows} rows",
        f"{metrics}{stages}{retired}",
    )
