"""The whole command tree as data: `--describe`, and the source of the completions and the reference pages."""

import re
import sys
from typing import Any

import msgspec
import typer

from mlctl import __version__
from mlctl.cli import help as pages
from mlctl.cli import table
from mlctl.cli.settings import ENVIRONMENT
from mlctl.domain import errors

SCHEMA = "mlctl.describe/1"

INTERRUPT_CODES = {0: "done, or unchanged", 1: "bug", 130: "interrupted", 141: "broken_pipe"}
"""Exit codes that no error class has."""


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """An option or argument of a command.

    Attributes:
        names: as typed ("--to", "-y"); an argument's is its name in help.
        value: what it takes ("TEXT", "INTEGER", ...), or None for a flag.
        choices: where only these are accepted.
        hint: what it names ("file", "model", "dataset", "shell"), for completion; None where it is free.
    """

    names: tuple[str, ...]
    help: str
    value: str | None
    required: bool = False
    repeatable: bool = False
    default: str | int | float | bool | None = None
    choices: tuple[str, ...] = ()
    hint: str | None = None


class CommandTree(msgspec.Struct, frozen=True, kw_only=True):
    """One command."""

    command: str
    summary: str
    description: str
    examples: tuple[str, ...]
    arguments: tuple[Parameter, ...]
    options: tuple[Parameter, ...]
    json: bool
    schema_id: str | None
    data: dict[str, Any] | None


def commands(root: Any, *, with_schemas: bool = True) -> list[CommandTree]:
    """Every command of the table, in its order; imports them all."""
    ctx = typer.Context(root, info_name="mlctl", **root.context_settings)
    return [_described(root, ctx, path, with_schemas=with_schemas) for path in table.COMMANDS]


def global_options(root: Any) -> list[Parameter]:
    """The options that are taken before any command."""
    ctx = typer.Context(root, info_name="mlctl", **root.context_settings)
    return [_parameter(param, ctx) for param in root.get_params(ctx)]


def exit_codes() -> dict[int, str]:
    """Every exit code with the id of its error, ascending."""
    found = dict(INTERRUPT_CODES)
    for error in error_classes():
        found[error.exit_code] = error.id if error.exit_code != errors.UsageError.exit_code else "usage"
    return dict(sorted(found.items()))


def error_classes() -> list[type[errors.MlctlError]]:
    """The error tree's leaves in the order of their definition: every class that can be raised as itself."""
    classes = [item for item in vars(errors).values() if isinstance(item, type)]
    abstract = (errors.MlctlError, errors.AnswerIsNo)
    return [item for item in classes if issubclass(item, errors.MlctlError) and item not in abstract]


def data_schema(stem: str) -> dict[str, Any] | None:
    """The JSON schema of a command's data, from its result type; None for a command without a verb."""
    if stem in table.WITHOUT_VERB:
        return None
    return msgspec.json.schema(table.load(table.result_target(stem)))


def print_tree(root: Any) -> None:
    """Write the tree as one JSON document."""
    document = {
        "ok": True,
        "schema": SCHEMA,
        "data": {
            "version": __version__,
            "global_options": global_options(root),
            "commands": commands(root),
            "exit_codes": [{"exit": code, "id": name} for code, name in exit_codes().items()],
            "environment": ENVIRONMENT,
        },
        "warnings": [],
        "next": [],
    }
    encoded = msgspec.json.encode(document, enc_hook=str)
    sys.stdout.write(msgspec.json.format(encoded, indent=2).decode() + "\n")


def _described(root: Any, ctx: Any, path: str, *, with_schemas: bool) -> CommandTree:
    command, inner = root, ctx
    for word in path.split():
        command = command.get_command(inner, word)
        inner = typer.Context(command, info_name=word, parent=inner)
    summary, examples, rest = pages.parts_of(command.help or "")
    params = [p for p in command.get_params(inner) if p.name not in pages.GLOBAL]
    stem = table.stem_of(path)
    has_json = any("--json" in p.opts for p in params)
    return CommandTree(
        command=path,
        summary=summary,
        description=rest,
        examples=examples,
        arguments=tuple(_parameter(p, inner) for p in params if p.param_type_name == "argument"),
        options=tuple(_parameter(p, inner) for p in params if p.param_type_name == "option"),
        json=has_json,
        schema_id=table.schema_of(stem) if has_json else None,
        data=data_schema(stem) if with_schemas and has_json else None,
    )


def _parameter(param: Any, ctx: Any) -> Parameter:
    record = param.get_help_record(ctx)
    flag = bool(getattr(param, "is_flag", False))
    argument = param.param_type_name == "argument"
    shown = re.sub(r"[\[\].…]", "", param.make_metavar(ctx)).upper() if argument else ""
    names = (shown,) if argument else (*param.opts, *param.secondary_opts)
    default = param.default if isinstance(param.default, str | int | float) else None
    return Parameter(
        names=names,
        help=getattr(param, "help", None) or (record[1] if record else ""),
        value=None if flag else (param.metavar or _kind(param.type.name)),
        required=param.required,
        repeatable=param.multiple or param.nargs == -1,
        default=None if default is False else default,
        choices=tuple(str(choice) for choice in getattr(param.type, "choices", ())),
        hint=_hint(param),
    )


_KINDS = {"int": "INTEGER", "float": "NUMBER", "bool": "BOOLEAN"}


def _kind(name: str) -> str:
    """What a value is, for options that do not say."""
    return next((kind for start, kind in _KINDS.items() if name.startswith(start)), "TEXT")


_HINTS = {"FILE": "file", "PATH": "file", "DIR": "folder", "SHELL": "shell"}
"""What a metavar says of the value."""


def _hint(param: Any) -> str | None:
    words = re.findall(r"[A-Z]+", str(param.metavar or ""))
    found = [_HINTS[word] for word in words if word in _HINTS]
    return found[0] if found else None
