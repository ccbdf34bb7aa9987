"""A push that may go on, as text: nothing where it brings no pointers."""

from typing import Protocol, TextIO

from mlctl.domain.requests.hook_run import HookRunResult


class Out(Protocol):
    """Whatever has a text file to write to: a rich console, or the stand-in of the quick way."""

    @property
    def file(self) -> TextIO:
        """Where to write."""


def render(data: HookRunResult, out: Out) -> None:
    """One line."""
    if data.urls:
        what = (
            f"the data of {data.pointers} pointers are" if data.pointers > 1 else "the data of 1 pointer are"
        )
        out.file.write(f"mlctl: {what} on {', '.join(data.urls)}\n")
