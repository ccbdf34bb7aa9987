"""`mlctl data evict`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.domain.requests.data_evict import DataEvictRequest


def data_evict(
    datasets: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME[@N]]…", help="Datasets or versions; all of them by default."),
    ] = None,
    remote: Annotated[
        str | None, typer.Option("--remote", metavar="NAME", help="The remote that must have the bytes.")
    ] = None,
    trust_size: Annotated[
        bool, typer.Option("--trust-size", help="Take a file's size on the remote for proof.")
    ] = False,
    keep: Annotated[
        int | None,
        typer.Option("--keep", metavar="N", min=0, help="Only versions before the newest N of each dataset."),
    ] = None,
    older_than: Annotated[
        str | None,
        typer.Option("--older-than", metavar="SPAN", help="Only versions that were added before that."),
    ] = None,
    projects: Annotated[
        list[str] | None,
        typer.Option("--projects", metavar="DIR", help="Another project that shares the cache; repeatable."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it; otherwise this is the plan.")] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Free space in the cache, of bytes that the remote verifiably has.

    Examples:
      mlctl data evict   # the plan
      mlctl data evict images@1 images@2 --yes
      mlctl data evict images --trust-size --yes
      mlctl data evict --keep 2 --older-than 90d --yes   # old versions of everything

    Proof is the md5 that the store itself computed, where it has one; else the bytes are read back and
    hashed. What another dataset or version needs, and what the work tree links to, stays; with --keep and
    --older-than also what a pointer in a work tree names. `data checkout`
    fetches again.
    """
    request = DataEvictRequest(
        datasets=tuple(datasets or ()),
        remote=remote,
        yes=yes,
        trust_size=trust_size,
        keep=keep,
        older_than=older_than,
        projects=tuple(projects or ()),
        dry_run=dry_run,
    )
    carry_out("data_evict", request, json=json)
