"""`mlctl train`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.cli.settings import current
from mlctl.domain.errors import UsageError
from mlctl.domain.requests.train import TrainRequest

Program = Annotated[
    list[str] | None,
    typer.Argument(metavar="[-- CMD...]", help="A program that trains, instead of what the spec names."),
]
Resume = Annotated[
    str | None,
    typer.Option("--resume", metavar="RUN", help="Go on with a run of a program that was broken off."),
]
JsonLines = Annotated[
    bool, typer.Option("--json-lines", help="One JSON object a line: output, points, the result.")
]


def train(
    model: Annotated[
        str | None, typer.Argument(help="Model of the spec; may be left out where there is one.")
    ] = None,
    program: Program = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A parameter instead of the spec's."),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="The seed instead of the spec's.")] = None,
    repeats: Annotated[
        int | None,
        typer.Option(
            "--repeats", min=1, max=50, metavar="N", help="Fit it N times in all, with other seeds."
        ),
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Fit again although nothing has changed.")
    ] = False,
    data: Annotated[
        str | None, typer.Option("--data", metavar="NAME@N", help="Learn from this dataset version.")
    ] = None,
    window: Annotated[
        str | None, typer.Option("--window", metavar="182d", help="Learn from the newest part only.")
    ] = None,
    test: Annotated[
        str | None, typer.Option("--test", metavar="14d", help="Hold out this part instead.")
    ] = None,
    resume: Resume = None,
    json_lines: JsonLines = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Fit what the spec declares and register a candidate version.

    Examples:
      mlctl train
      mlctl train demand --set max_iter=500 --seed 3
      mlctl train --repeats 5          how much of a difference is the seed's luck
      mlctl train --window 182d --test 14d
      mlctl train demand -- python train.py --depth 6
      mlctl train --resume 01JD8
    """
    named, command = _parted([*([model] if model is not None else []), *(program or [])])
    request = TrainRequest(
        model=named,
        set=tuple(set_ or ()),
        seed=seed,
        repeats=repeats,
        cache=not no_cache,
        data=data,
        window=window,
        test=test,
        dry_run=dry_run,
        command=command,
        resume=resume,
    )
    carry_out("train", request, json=json or json_lines, lines=json_lines)


def _parted(words: list[str]) -> tuple[str | None, tuple[str, ...]]:
    """The model, and the program that stands behind `--`."""
    typed = current().arguments
    command = typed[typed.index("--") + 1 :] if "--" in typed else ()
    before = words[: len(words) - len(command)]
    if len(before) > 1:
        raise UsageError(
            f"train takes one model, not {', '.join(before)}; a program stands behind --",
            f"mlctl train {before[0]}",
        )
    return (before[0] if before else None), tuple(command)
