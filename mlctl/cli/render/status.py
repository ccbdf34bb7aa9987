"""`status` as text: one line a dataset and a model, under each what is stale, why, and the command for it."""

from typing import Protocol, TextIO

from mlctl.cli.columns import size
from mlctl.domain.requests.status import DatasetStatus, ModelStatus, Stale, StatusResult, Unpushed


class Out(Protocol):
    """Whatever has a text file to write to: a rich console, or the stand-in of the quick way."""

    @property
    def file(self) -> TextIO:
        """Where to write."""


def render(data: StatusResult, out: Out) -> None:
    """Write the project's state."""
    out.file.write("\n".join(lines(data)) + "\n")


def lines(data: StatusResult) -> list[str]:
    """The project's state, line by line."""
    shown = [f"project {data.project}, {_decisions(data.decision)}"]
    if data.log is not None:
        shown += ["", "log", *_stale((data.log,))]
    if data.datasets:
        shown += ["", "data"]
        for dataset in data.datasets:
            shown += [_dataset(dataset), *_stale(dataset.stale)]
    if data.models:
        shown += ["", "models"]
        for model in data.models:
            shown += [_model(model), *_frozen(model.frozen), *_stale(model.stale)]
    if data.unpushed is not None and data.unpushed.next is not None:
        shown += ["", f"not on {data.unpushed.remote} yet", *_unpushed(data.unpushed)]
    return [*shown, "", "nothing is stale" if data.clean else _count(data)]


def _unpushed(waiting: Unpushed) -> list[str]:
    data = f"data of {waiting.files} file{'' if waiting.files == 1 else 's'} ({size(waiting.bytes)})"
    facts = "1 fact" if waiting.facts == 1 else f"{waiting.facts} facts"
    parts = [_decisions(waiting.decisions) if waiting.decisions else "", facts if waiting.facts else ""]
    parts.append(data if waiting.files else "")
    return [f"  {', '.join(part for part in parts if part)}", f"      {waiting.next}"]


def _decisions(number: int) -> str:
    return "1 decision" if number == 1 else f"{number} decisions"


def _dataset(dataset: DatasetStatus) -> str:
    version = f"@{dataset.version}" if dataset.version is not None else ""
    state = "" if dataset.state == "fresh" else dataset.state
    return f"  {dataset.name}{version}  {dataset.path}  {state}".rstrip()


def _model(model: ModelStatus) -> str:
    version = f"@{model.version}" if model.version is not None else ""
    stages = ", ".join(f"{stage} @{number}" for stage, number in sorted(model.stages.items()))
    return f"  {model.name}{version}  {stages}".rstrip()


def _frozen(stages: dict[str, str]) -> list[str]:
    return [f"    {stage} is frozen {told}" for stage, told in stages.items()]


def _stale(found: tuple[Stale, ...]) -> list[str]:
    return [line for stale in found for line in (f"    {stale.what}: {stale.why}", f"      {stale.next}")]


def _count(data: StatusResult) -> str:
    number = 0 if data.log is None else 1
    number += sum(len(dataset.stale) for dataset in data.datasets)
    number += sum(len(model.stale) for model in data.models)
    if number == 0:
        return "mlctl.toml cannot be used, so nobody knows what is stale"
    return f"{number} {'thing is' if number == 1 else 'things are'} stale"
