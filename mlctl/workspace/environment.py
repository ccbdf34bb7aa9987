"""Who acts and where: the actor of a decision, and the machine and packages of a run.

`status` imports this module, so it asks git through a bare spawn and lists packages by their folders' names:
neither gitpython nor importlib.metadata is needed.
"""

import os
import pwd
import re
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from mlctl.domain.decision import Actor
from mlctl.domain.run import Environment
from mlctl.workspace.process import output_of

_DIST_INFO = r"(?P<name>[A-Za-z0-9._]+?)-(?P<version>[^-]+)(?:-[^/]*)?\.(?:dist|egg)-info\Z"
CI_VARIABLES = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "BUILDKITE", "TF_BUILD")
"""Each of them, set to anything but a no, says that CI runs the command."""
_NO = {"", "0", "false", "no"}
MACHINE = frozenset(
    {
        "CI",
        "COLORTERM",
        "COLUMNS",
        "CONDA_PREFIX",
        "DISPLAY",
        "EDITOR",
        "FORCE_COLOR",
        "GITHUB_ACTIONS",
        "HOME",
        "HOSTNAME",
        "LANG",
        "LANGUAGE",
        "LINES",
        "LOGNAME",
        "MAIL",
        "NO_COLOR",
        "OLDPWD",
        "PAGER",
        "PATH",
        "PWD",
        "SHELL",
        "SHLVL",
        "TEMP",
        "TERM",
        "TMP",
        "TMPDIR",
        "USER",
        "VIRTUAL_ENV",
        "VISUAL",
        "_",
    }
)
"""Variables that libraries read and that say where a program runs, not what it does."""

_SESSION = {
    "COLORFGBG",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "LS_COLORS",
    "MAKEFLAGS",
    "MAKELEVEL",
    "MFLAGS",
    "PS1",
    "PYTEST_CURRENT_TEST",
    "STY",
    "WINDOWID",
}
_SESSIONS = (
    "DBUS_",
    "DESKTOP_",
    "GIT_",
    "GNOME_",
    "GPG_",
    "GTK_",
    "ITERM_",
    "KITTY_",
    "LESS",
    "MLCTL_",
    "SSH_",
    "SYSTEMD_",
    "TERM_",
    "TMUX",
    "VSCODE_",
    "WEZTERM_",
    "XDG_",
)


def actor(root: Path, via: str | None = None) -> Actor:
    """Who acts in the project.

    Args:
        root: the project; git's configuration is read as git sees it there.
        via: "loop" where the loop acts; else found: "ci" or "terminal".
    """
    identity = _git_identity(root)
    return Actor(
        name=identity.get("user.name"),
        email=identity.get("user.email"),
        user=_user(),
        host=os.uname().nodename,
        via=via or ("ci" if _in_ci() else "terminal"),
    )


def environment() -> Environment:
    """Python, machine and installed packages (canonical name to version) of this process."""
    system = os.uname()
    return Environment(
        python=".".join(str(part) for part in sys.version_info[:3]),
        platform=f"{system.sysname} {system.release}",
        machine=system.machine,
        cpus=_cpus(),
        packages=installed_packages(sys.path),
    )


@cache
def variables_at_start() -> dict[str, str]:
    """The variables that this process was given, whatever libraries have set since."""
    try:
        given = Path("/proc/self/environ").read_bytes()
    except OSError:
        return dict(os.environ)
    pairs = (os.fsdecode(one).partition("=") for one in given.split(b"\0") if one)
    return {name: value for name, _, value in pairs}


def program_variables(given: Mapping[str, str]) -> dict[str, str]:
    """The variables that a program which trains is given: all but those of one terminal's session.

    What it is not given it cannot depend on, so another terminal is no reason to train again.
    """
    return {
        name: value
        for name, value in given.items()
        if name not in _SESSION and not name.startswith(_SESSIONS)
    }


def installed_packages(folders: list[str]) -> dict[str, str]:
    """Versions of the packages installed in the folders of an import path; the first folder wins."""
    found: dict[str, str] = {}
    named = re.compile(_DIST_INFO)  # here: few commands need it
    for folder in folders:
        try:
            entries = sorted(entry.name for entry in Path(folder or ".").iterdir())
        except OSError:
            continue
        for entry in entries:
            match = named.match(entry)
            if match is not None:
                name = re.sub(r"[-_.]+", "-", match["name"]).lower()
                found.setdefault(name, match["version"])
    return dict(sorted(found.items()))


def _in_ci() -> bool:
    return any(os.environ.get(name, "").lower() not in _NO for name in CI_VARIABLES)


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container may run as a number that has no name
        return os.environ.get("USER") or str(os.getuid())


def _cpus() -> int:
    if hasattr(os, "sched_getaffinity"):  # macOS has none
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _git_identity(root: Path) -> dict[str, str]:
    """user.name and user.email as git resolves them in `root`; empty without git."""
    output = output_of(["git", "-C", str(root), "config", "--null", "--get-regexp", r"^user\.(name|email)$"])
    identity: dict[str, str] = {}
    for item in output.decode("utf-8", "replace").split("\0"):
        key, newline, value = item.partition("\n")
        if newline and value:
            identity[key] = value  # the last value wins, as in git
    for variable, key in (("GIT_AUTHOR_NAME", "user.name"), ("GIT_AUTHOR_EMAIL", "user.email")):
        if os.environ.get(variable):
            identity[key] = os.environ[variable]
    return identity
