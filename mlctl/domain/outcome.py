"""What a verb returns: its data, what to warn of, what to type next."""

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Outcome(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """The result of a command.

    Attributes:
        data: the value that `--json` prints under "data".
        warnings: sentences for stderr and for "warnings".
        next: commands that make sense now.
    """

    data: T
    warnings: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
