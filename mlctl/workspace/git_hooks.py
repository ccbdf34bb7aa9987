"""Git's hooks: one of mlctl's put in front of what is there, and taken away again.

The hook that was there stays beside it under another name and is called first. A crash leaves the old hook
or the new one, never none.
"""

import os
import shlex
import stat
from pathlib import Path

from mlctl.domain.errors import AlreadyExists, NoRepository
from mlctl.workspace.files import flush_folder, said, write_whole
from mlctl.workspace.process import output_of

BEFORE = ".before-mlctl"
"""What is added to the name of the hook that was there."""

_MARK = "# made by `mlctl hook install`"
_PRE_COMMITS = ".legacy"  # the name that the program pre-commit gives to a hook that it finds
_PRE_PUSH = f"""\
#!/bin/sh
{_MARK}; `mlctl hook uninstall` takes it away again.
# Refuses a push of pointers (*.dvc) whose data are not on the data's remote. `git push --no-verify` skips it.
refs=$(cat)
give() {{
    [ -z "$refs" ] || printf '%s\\n' "$refs"
}}
before=$(dirname "$0")/pre-push{BEFORE}
if [ -x "$before" ]; then
    give | "$before" "$@" || exit
fi
if ! command -v mlctl >/dev/null 2>&1; then
    echo "pre-push: mlctl is not on PATH: nobody can say whether the pushed data are on their remote" >&2
    echo "  activate its environment or: pip install mlctl; to push all the same: git push --no-verify" >&2
    exit 1
fi
give | mlctl hook run pre-push "$@" >&2
"""


def hooks_folder(root: Path) -> tuple[Path, bool]:
    """(git's folder for hooks of the repository that this folder is in, whether other repositories use it).

    A work tree added by `git worktree` shares it with the main one; `core.hooksPath` moves it.

    Raises:
        NoRepository: the folder is in no git repository.
    """
    asked = ["git", "-C", str(root), "rev-parse", "--git-path", "hooks", "--git-common-dir"]
    answer = output_of([*asked, "--show-toplevel"]).decode("utf-8", "surrogateescape").splitlines()
    if len(answer) != len(("hooks", "common", "top")):
        raise NoRepository(f"{root} is in no git repository", "git init", path=str(root))
    folder, common, top = (Path(os.path.realpath(root / line)) for line in answer)
    return root / answer[0], not any(folder.is_relative_to(inside) for inside in (common, top))


def install(folder: Path) -> tuple[bool, Path | None]:
    """Make mlctl's the pre-push hook; (whether that changed anything, the hook that is called before it).

    Raises:
        AlreadyExists: another program has put its own hook in the place of mlctl's.
        PermissionRefused, DiskFull: nothing has changed.
    """
    hook, before = folder / "pre-push", folder / f"pre-push{BEFORE}"
    try:
        if _is_ours(hook) or _is_ours(folder / f"pre-push{_PRE_COMMITS}"):
            old = before if os.path.lexists(before) else None
            ours = hook if _is_ours(hook) else folder / f"pre-push{_PRE_COMMITS}"
            return _renew(ours), old
        folder.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(hook):
            _keep(hook, before)
        write_whole(hook, _PRE_PUSH.encode(), 0o755)
    except OSError as error:
        raise said(error) from error
    return True, before if os.path.lexists(before) else None


def uninstall(folder: Path) -> tuple[bool, Path | None]:
    """Take mlctl's pre-push hook away; (whether it was there, the hook that is in its place again)."""
    hook, before = folder / "pre-push", folder / f"pre-push{BEFORE}"
    try:
        if not _is_ours(hook):
            return False, None
        if os.path.lexists(before):
            before.replace(hook)
            flush_folder(folder)
            return True, hook
        hook.unlink()
        flush_folder(folder)
    except OSError as error:
        raise said(error) from error
    return True, None


def is_installed(folder: Path) -> bool:
    """Whether the pre-push hook is mlctl's as it would be written now."""
    try:
        return (folder / "pre-push").read_text(encoding="utf-8") == _PRE_PUSH
    except (OSError, UnicodeDecodeError):
        return False


def _is_ours(hook: Path) -> bool:
    try:
        return not hook.is_symlink() and _MARK.encode() in hook.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return False


def _renew(hook: Path) -> bool:
    """Write the hook again where an older mlctl has written it or it cannot be executed."""
    if hook.read_bytes() == _PRE_PUSH.encode() and stat.S_IMODE(hook.stat().st_mode) & stat.S_IXUSR:
        return False
    write_whole(hook, _PRE_PUSH.encode(), 0o755)
    return True


def _keep(hook: Path, before: Path) -> None:
    """Give the hook that is there its second name; until it is replaced it has both."""
    try:
        os.link(hook, before, follow_symlinks=False)
    except FileExistsError:
        if not before.is_symlink() and hook.samefile(before):
            return  # a run that was killed has done so
        raise AlreadyExists(
            f"{hook} is not mlctl's, and {before} is there as well: another program has replaced mlctl's "
            f"hook. Move one of the two away",
            shlex.join(("ls", "-l", str(before.parent))),
            paths=[str(hook), str(before)],
        ) from None
    flush_folder(before.parent)
