"""`mlctl train`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.domain.requests.train import TrainRequest


def train(
    model: Annotated[
        str | None, typer.Argument(help="Model of the spec; may be left out where there is one.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A parameter instead of the spec's."),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="The seed instead of the spec's.")] = None,
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
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Fit what the spec declares and register a candidate version.

    Examples:
      mlctl train
      mlctl train demand --set max_iter=500 --seed 3
      mlctl train --window 182d --test 14d
    """
    request = TrainRequest(
        model=model,
        set=tuple(set_ or ()),
        seed=seed,
        cache=not no_cache,
        data=data,
        window=window,
        test=test,
        dry_run=dry_run,
    )
    carry_out("train", request, json=json)
