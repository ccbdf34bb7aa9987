"""Help pages: a summary, then examples, usage, arguments and options. Root help imports no command."""

import inspect
from typing import Any

from mlctl.cli import table

GLOBAL = ("directory", "quiet", "verbose", "debug", "help", "version", "describe")

ROOT_SUMMARY = "git for the whole life of a model."
EXAMPLES: dict[str, tuple[str, ...]] = {
    "": (
        "mlctl init bikes --template bike-demand",
        "mlctl train",
        "mlctl eval",
        "mlctl promote --to production",
        "mlctl serve",
    ),
    "data": ("mlctl data add data/hour.csv", "mlctl data show rides@latest", "mlctl data check"),
    "labels": ("mlctl labels add truth.csv",),
    "remote": ("mlctl remote add origin s3://bucket/bikes", "mlctl remote ls"),
    "hook": ("mlctl hook install", "mlctl hook uninstall"),
    "spec": ("mlctl spec explain",),
}
"""Examples of the groups; a command's stand in its docstring."""


def parts_of(docstring: str) -> tuple[str, tuple[str, ...], str]:
    """A command's docstring as summary, examples and the rest."""
    lines = inspect.cleandoc(docstring).split("\n")
    summary, examples, rest, inside = lines[0], [], [], False
    for text in lines[1:]:
        if text.strip() == "Examples:":
            inside = True
        elif inside and (text.startswith(" ") or not text.strip()):
            if text.strip():
                examples.append(text.strip())
        else:
            inside = False
            rest.append(text)
    return summary, tuple(examples), "\n".join(rest).strip()


def command_help(command: Any, ctx: Any, formatter: Any) -> None:
    """Write a command's help page."""
    summary, examples, rest = parts_of(command.help or "")
    _opening(summary, examples, ctx, formatter)
    if rest:
        formatter.write_paragraph()
        formatter.write(rest + "\n")
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    _parameters("Arguments", [record for p in arguments if (record := p.get_help_record(ctx))], formatter)
    _options(command, ctx, formatter)


def group_help(group: Any, ctx: Any, formatter: Any) -> None:
    """Write the help page of a group, from the table alone."""
    _opening(table.GROUPS.get(group.path, ROOT_SUMMARY), EXAMPLES[group.path], ctx, formatter)
    names = group.list_commands(ctx)
    if group.path:
        rows = [(name, table.COMMANDS[f"{group.path} {name}"]) for name in names]
        _parameters("Commands", rows, formatter)
    else:
        for title, members in table.SECTIONS.items():
            rows = [(name, table.GROUPS.get(name) or table.COMMANDS[name]) for name in members]
            _parameters(title, rows, formatter)
    _options(group, ctx, formatter)


def _opening(summary: str, examples: tuple[str, ...], ctx: Any, formatter: Any) -> None:
    formatter.write(f"{summary}\n")
    if examples:
        formatter.write("\nExamples:\n" + "".join(f"  {example}\n" for example in examples))
    formatter.write_paragraph()
    pieces = " ".join(ctx.command.collect_usage_pieces(ctx))
    formatter.write_usage(ctx.command_path, pieces)


def _options(command: Any, ctx: Any, formatter: Any) -> None:
    own: list[tuple[str, str]] = []
    shared: list[tuple[str, str]] = []
    for param in command.get_params(ctx):
        if param.param_type_name == "argument":
            continue
        record = param.get_help_record(ctx)
        if record:
            (shared if param.name in GLOBAL else own).append(record)
    _parameters("Options", own, formatter)
    _parameters("Global options", shared, formatter)


def _parameters(title: str, rows: list[tuple[str, str]], formatter: Any) -> None:
    if rows:
        with formatter.section(title):
            formatter.write_dl(rows)
