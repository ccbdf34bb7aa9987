"""`mlctl hook install`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import DryRun, Json
from mlctl.domain.requests.hook_install import HookInstallRequest


def hook_install(
    pre_push: Annotated[  # noqa: ARG001 - says by name what is the only choice so far
        bool, typer.Option("--pre-push", help="The hook before a push, which is also the default.")
    ] = True,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Let git refuse a push of pointers whose data are not on their remote.

    Examples:
      mlctl hook install
      mlctl hook install --pre-push --dry-run

    A hook that is there already is kept and called first. One push goes without the hook by
    `git push --no-verify`.
    """
    carry_out("hook_install", HookInstallRequest(dry_run=dry_run), json=json, session=False)
