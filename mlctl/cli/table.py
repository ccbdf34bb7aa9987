"""The command table, the first lazy door: what every command is called, where it lives, what it does.

Root help is printed from here and imports no command; a command names its verb by stem and imports no engine.
The stem of `data add` is `data_add`: the command is `cli/commands/data_add.py`, the verb `verbs/data_add.py`.
"""

from importlib import import_module
from typing import Any

COMMANDS: dict[str, str] = {
    "init": "Make a project: spec, repository, git and DVC settings.",
    "status": "Show what changed and what is stale, each with its reason and the next command.",
    "data add": "Version files or folders.",
    "data import": "Import data from a URL, a path or another repository, with a lock.",
    "data update": "Ask the sources of imported data what has changed, and bring it.",
    "data mv": "Move data with their pointer and ignore line; nothing is hashed again.",
    "data rm": "Stop tracking data: remove pointer and ignore line; versions stay.",
    "data ls": "List the datasets.",
    "data log": "Show a dataset's history: who made each version, and what it changed.",
    "data show": "Show a dataset version: its schema and its profile.",
    "data diff": "Show which files differ between two versions, or a version and the work tree.",
    "data status": "Compare the work tree with the dataset versions.",
    "data check": "Run the declared checks of the data.",
    "data checkout": "Restore data in the work tree from a version.",
    "data get": "Fetch one file or folder of a dataset, and no more.",
    "data evict": "Free space in the cache, of bytes that the remote verifiably has.",
    "train": "Fit what the spec declares and register a candidate version.",
    "eval": "Measure a model with intervals, by slice, beside the baseline and the incumbent.",
    "approve": "Approve a version that somebody else has made, for a stage.",
    "promote": "Move a stage to a version, if its gates agree.",
    "rollback": "Give a stage back what it held before.",
    "freeze": "Keep a stage as it is: no promotion, no rollback, nor the loop moves it.",
    "unfreeze": "Let a stage that was frozen move again.",
    "retire": "Keep a version from every stage from now on; `undo` brings it back.",
    "runs": "List the runs.",
    "models": "List the models, their versions and stages.",
    "show": "Show one thing in full: a model version, run, dataset version, evaluation or decision.",
    "diff": "Show what two runs or model versions differ in: data, spec, code, environment, metrics.",
    "why": "Tell why B does better or worse than A: swap what differs, one at a time, and fit.",
    "reproduce": "Fit a run again from its record, in a clean work tree, and compare bit for bit.",
    "card": "Show a version's model card, made from what is on record.",
    "score": "Show how ready a model is for production: the 28 items of the ML Test Score, with evidence.",
    "log": "Show the decision log.",
    "log drop": "Give up a decision that waits for publication.",
    "undo": "Take back the last decision.",
    "redo": "Bring back what was undone.",
    "fsck": "Verify every byte and every decision of the repository.",
    "push": "Share data, facts and decisions with the remote.",
    "pull": "Bring decisions, facts and the work tree's data from the remote.",
    "fetch": "Bring decisions and facts from the remote.",
    "clone": "Make a repository from a remote alone.",
    "remote add": "Write where the project is shared, and join the log that is there.",
    "remote ls": "List the remotes.",
    "remote rm": "Forget a remote; nothing is removed from it.",
    "gc": "Collect what nothing needs, into a trash from where it can be brought back.",
    "serve": "Answer predictions over HTTP, following a stage.",
    "predict": "Score a table on the code path that serves.",
    "labels add": "Add truth that came later to the predictions that it belongs to.",
    "monitor": "Watch a model's predictions for quality, drift and performance.",
    "plan": "Show what is stale and why.",
    "build": "Bring up to date what is stale.",
    "loop": "Monitor, and on an alarm renew the model through its gates.",
    "blame": "Trace a prediction to its model, decision, run, data and code.",
    "hook install": "Let git refuse a push of pointers whose data are not on their remote.",
    "hook uninstall": "Take mlctl's git hook away; the hook before it comes back.",
    "hook run": "Do what a git hook does: `hook install` makes git call this.",
    "spec explain": "Print the spec with every default filled in.",
    "completion": "Print the completion script of a shell.",
}
"""Full command path to one-line summary, in the order of help."""

GROUPS: dict[str, str] = {
    "data": "Version, look at, check and restore data.",
    "labels": "Truth that comes later.",
    "remote": "Where the project is shared.",
    "hook": "What git asks mlctl before it does something.",
    "spec": "The project's `mlctl.toml`.",
}
"""Command groups and their summaries."""

SECTIONS: dict[str, tuple[str, ...]] = {
    "A project": ("init", "status", "spec", "plan", "build"),
    "Data": ("data",),
    "Models": (
        "train",
        "eval",
        "approve",
        "promote",
        "rollback",
        "freeze",
        "unfreeze",
        "retire",
        "models",
        "runs",
    ),
    "In service": ("serve", "predict", "labels", "monitor", "loop", "blame"),
    "The record": ("log", "show", "diff", "why", "reproduce", "card", "score", "undo", "redo", "fsck", "gc"),
    "A team": ("push", "pull", "fetch", "clone", "remote"),
    "The shell": ("completion", "hook"),
}
"""How root help groups the first words of the commands."""

WITHOUT_VERB = frozenset({"completion"})
"""Stems of commands that only the terminal has."""

PLAIN = frozenset({"build", "data_add", "data_checkout", "data_status", "hook_run", "plan", "push", "status"})
"""Stems whose render module writes plain lines to `out.file` and needs no rich console."""

WITHOUT_SESSION = frozenset({"clone", "fetch", "hook_install", "hook_run", "hook_uninstall", "init", "pull"})
"""Stems whose verb runs where there is no repository yet."""


SESSION = "mlctl.project.session:Session"
"""Where sessions are opened."""

CONSOLE = "mlctl.cli.console:standard_output"
"""Where stdout becomes a rich console, for the commands that print text."""


def stem_of(path: str) -> str:
    """`data add` -> `data_add`."""
    return path.replace(" ", "_").replace("-", "_")


def path_of(stem: str) -> str:
    """`data_add` -> `data add`.

    Raises:
        KeyError: no command has this stem.
    """
    return {stem_of(path): path for path in COMMANDS}[stem]


def schema_of(stem: str) -> str:
    """The id of a command's JSON data: `data_add` -> `mlctl.data.add/1`."""
    return f"mlctl.{stem.replace('_', '.')}/1"


def command_target(stem: str) -> str:
    """Where the command's function is."""
    return f"mlctl.cli.commands.{stem}:{stem}"


def verb_target(stem: str) -> str:
    """Where the verb is."""
    return f"mlctl.verbs.{stem}:{stem}"


def render_target(stem: str) -> str:
    """Where the text form of the verb's result is made."""
    return f"mlctl.cli.render.{stem}:render"


def result_target(stem: str) -> str:
    """Where the type of the verb's result is."""
    return f"mlctl.domain.requests.{stem}:{''.join(word.title() for word in stem.split('_'))}Result"


def load(target: str) -> Any:
    """The object at `package.module:name`; the module is imported now."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)
