"""Who else uses a cache: the work trees of its git repository, and other projects that share it."""

from collections.abc import Iterable
from pathlib import Path

from mlctl.domain.errors import UsageError
from mlctl.workspace.git import work_trees
from mlctl.workspace.git_tree import top


def other_projects(root: Path, cache: Path, named: Iterable[str], command: str) -> list[Path]:
    """The other projects that share the cache.

    Args:
        root: of this project.
        cache: its folder.
        named: folders of the others, as typed.
        command: that asks, for the hint.

    Raises:
        UsageError: the cache is outside this project's git repository, and none was named.
    """
    found = [Path(text).resolve() for text in named]
    for path in found:
        if not path.is_dir():
            raise UsageError(
                f"--projects {path}: there is no such folder", f"{command} --help", path=str(path)
            )
    inside = [tree.resolve() for tree in (root, top(root) or root, *work_trees(root))]
    if not found and not any(tree in cache.resolve().parents for tree in inside):
        raise UsageError(
            f"the cache {cache} is outside this project: other projects may need what is in it",
            f"{command} --projects . --projects ../another",
            cache=str(cache),
        )
    return [path for path in found if path != root.resolve()]


def own_trees(root: Path) -> list[Path]:
    """The project in every work tree of its git repository: each has a lock of its own on the cache.

    Each once and without symbolic links, since nobody gets the same lock twice.
    """
    own, here = top(root), root.resolve()
    if own is None:
        return [here]
    part = here.relative_to(own.resolve())
    others = (tree.resolve() / part for tree in work_trees(root))
    return list(dict.fromkeys([here, *(tree for tree in others if (tree / ".dvc").is_dir())]))
