"""Every failure mlctl can report, with its stable id and exit code.

The tree (exit code in brackets)::

    MlctlError
    ├── UsageError [2]
    │   └── SpecInvalid [2]
    ├── NoRepository [10]   FormatTooNew [11]   Locked [12]
    ├── NotFound [20]       Ambiguous [21]      InvalidName [22]
    ├── NameMoved [30]      AlreadyExists [31]  WorkspaceDirty [32]
    ├── AnswerIsNo
    │   ├── GateRefused [40]  AlarmRaised [41]  DataCheckFailed [42]
    │   └── WouldChange [43]  DidNotReproduce [44]
    ├── Corrupt [50]        Missing [51]        Untrusted [52]
    ├── Unreachable [60]    Denied [61]         Incomplete [62]
    ├── NotInstalled [70]   PluginBroken [71]
    ├── TrainingFailed [80] PredictionFailed [81]
    └── UnreadableTable [90]  ColumnMissing [91]  PortInUse [92]
        DiskFull [93]         PermissionRefused [94]

A message says what happened and where; a hint is the next command to type and works as typed.
"""

from typing import Any, ClassVar


class MlctlError(Exception):
    """An expected failure.

    Attributes:
        message: what happened, in one or more lines.
        hints: commands to type next, most useful first.
        facts: the values the message was made of, for programs.
    """

    id: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *hints: str, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hints = hints
        self.facts = facts


class UsageError(MlctlError):
    """The command line asks for something that makes no sense."""

    id = "usage"
    exit_code = 2


class SpecInvalid(MlctlError):
    """`mlctl.toml` is not valid; `facts["problems"]` lists every problem with its line."""

    id = "spec_invalid"
    exit_code = 2


class NoRepository(MlctlError):
    """No `.mlctl/` in this folder or above it."""

    id = "no_repository"
    exit_code = 10


class FormatTooNew(MlctlError):
    """The repository was written by a newer mlctl."""

    id = "format_too_new"
    exit_code = 11


class Locked(MlctlError):
    """Another process holds what this command needs."""

    id = "locked"
    exit_code = 12


class NotFound(MlctlError):
    """Nothing has this name."""

    id = "not_found"
    exit_code = 20


class Ambiguous(MlctlError):
    """More than one thing has this name; `facts["candidates"]` lists them."""

    id = "ambiguous"
    exit_code = 21


class InvalidName(MlctlError):
    """The text cannot be a name of this kind."""

    id = "invalid_name"
    exit_code = 22


class NameMoved(MlctlError):
    """A name has moved since it was read."""

    id = "name_moved"
    exit_code = 30


class AlreadyExists(MlctlError):
    """What was to be created stands already."""

    id = "already_exists"
    exit_code = 31


class WorkspaceDirty(MlctlError):
    """Files in the work tree would be lost."""

    id = "workspace_dirty"
    exit_code = 32


class AnswerIsNo(MlctlError):
    """Not an accident: the question was answered, and the answer is no.

    `data` is the full result of the command, as it would have been printed on success.
    """

    def __init__(self, message: str, *hints: str, data: Any, **facts: Any) -> None:
        super().__init__(message, *hints, **facts)
        self.data = data


class GateRefused(AnswerIsNo):
    """What a promotion's gates, or `score --check`, ask for was not met; `facts["reasons"]` lists all."""

    id = "gate_refused"
    exit_code = 40


class AlarmRaised(AnswerIsNo):
    """A monitor raised an alarm."""

    id = "alarm_raised"
    exit_code = 41


class DataCheckFailed(AnswerIsNo):
    """A declared check of the data did not hold."""

    id = "data_check_failed"
    exit_code = 42


class WouldChange(AnswerIsNo):
    """`--check` was asked, and something is stale."""

    id = "would_change"
    exit_code = 43


class DidNotReproduce(AnswerIsNo):
    """Running again from the record gave something else."""

    id = "did_not_reproduce"
    exit_code = 44


class Corrupt(MlctlError):
    """Bytes do not match the digest they are named by."""

    id = "corrupt"
    exit_code = 50


class Missing(MlctlError):
    """Something that a record names is not in the store."""

    id = "missing"
    exit_code = 51


class Untrusted(MlctlError):
    """Loading would construct a type that is not on the allow-list."""

    id = "untrusted"
    exit_code = 52


class Unreachable(MlctlError):
    """A remote or server did not answer."""

    id = "unreachable"
    exit_code = 60


class Denied(MlctlError):
    """A remote or server refused access."""

    id = "denied"
    exit_code = 61


class Incomplete(MlctlError):
    """A remote lacks bytes that its records name."""

    id = "incomplete"
    exit_code = 62


class NotInstalled(MlctlError):
    """A plugin or extra is not installed."""

    id = "not_installed"
    exit_code = 70


class PluginBroken(MlctlError):
    """A plugin failed to load or broke its contract."""

    id = "plugin_broken"
    exit_code = 71


class TrainingFailed(MlctlError):
    """The user's training code raised or cannot be run."""

    id = "training_failed"
    exit_code = 80


class PredictionFailed(MlctlError):
    """A model refused or failed on its input."""

    id = "prediction_failed"
    exit_code = 81


class UnreadableTable(MlctlError):
    """A file is not the table it should be; the message names file, line and column."""

    id = "unreadable_table"
    exit_code = 90


class ColumnMissing(MlctlError):
    """A table lacks a column that is needed."""

    id = "column_missing"
    exit_code = 91


class PortInUse(MlctlError):
    """Another program listens on the port."""

    id = "port_in_use"
    exit_code = 92


class DiskFull(MlctlError):
    """The disk is full."""

    id = "disk_full"
    exit_code = 93


class PermissionRefused(MlctlError):
    """The operating system refused access to a file."""

    id = "permission_refused"
    exit_code = 94
