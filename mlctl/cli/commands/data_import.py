"""`mlctl data import`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.domain.requests.data_import import DataImportRequest


def data_import(
    source: Annotated[
        str, typer.Argument(metavar="URL", help="http(s), s3, a path, or a git repository with PATH.")
    ],
    path: Annotated[
        str | None, typer.Argument(metavar="[PATH]", help="A file or folder in the git repository.")
    ] = None,
    rev: Annotated[
        str | None, typer.Option(help="Branch, tag or commit of the repository; its HEAD by default.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the dataset.")] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="PATH", help="Where to put it in the project.")
    ] = None,
    sha256: Annotated[
        str | None, typer.Option(metavar="HEX", help="What the file must have, always.")
    ] = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Import data from a URL, a path or another repository, with a lock.

    An import that broke off goes on where it stopped. The pointer is one that `dvc update` understands.

    Examples:
      mlctl data import https://example.org/rides.csv -o data/rides.csv
      mlctl data import s3://bucket/rides.parquet --name rides
      mlctl data import https://example.org/team/registry.git data/images --rev v2
    """
    request = DataImportRequest(
        source=source, path=path, rev=rev, name=name, output=output, sha256=sha256, dry_run=dry_run
    )
    carry_out("data_import", request, json=json)
