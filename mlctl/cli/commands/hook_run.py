"""`mlctl hook run`."""

from typing import Annotated

import typer

from mlctl.cli.door import carry_out
from mlctl.cli.options import Json
from mlctl.cli.refs import refs_on_stdin
from mlctl.domain.requests.hook_run import HookRunRequest


def hook_run(
    hook: Annotated[str, typer.Argument(metavar="HOOK", help="pre-push.")],
    remote: Annotated[str, typer.Argument(metavar="[REMOTE]", help="Git's remote.")] = "",
    url: Annotated[str, typer.Argument(metavar="[URL]", help="Where it is.")] = "",
    json: Json = False,
) -> None:
    """Do what a git hook does: `hook install` makes git call this.

    Examples:
      mlctl hook run pre-push origin ../shared.git < refs

    Before a push: exit 62 where a pointer that a pushed commit changes names data that are not on the
    data's remote. The refs come on stdin, as git writes them.
    """
    request = HookRunRequest(hook=hook, remote=remote, url=url, refs=refs_on_stdin())
    carry_out("hook_run", request, json=json, session=False)
