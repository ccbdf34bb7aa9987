"""Which data of DVC's cache a project needs: of all dataset versions, of every pointer that git keeps."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from mlctl.domain.errors import Missing, NoRepository, UsageError
from mlctl.domain.progress import Report
from mlctl.store.collect import Wanted
from mlctl.store.reachable import Reachable, reachable
from mlctl.store.repository import Repository
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import read_settings
from mlctl.workspace.named_data import named_in_history, named_in_work_trees

_VERSIONS = "dataset versions"
_TREES = "pointers in work trees"
_HISTORY = "commits, branches, tags, stashes and reflogs of git"
_SHOWN = 3


def wanted_data(
    repository: Repository,
    needed: Reachable,
    cache: DvcCache,
    others: Iterable[Path],
    *,
    allow_missing: bool,
    report: Report,
) -> Wanted:
    """What this project and others that share its cache need.

    Raises:
        Corrupt, Missing: what is needed cannot be told.
        UsageError: another project has another cache.
    """
    wanted = Wanted()
    lacking: list[str] = []
    _want_versions(wanted, repository, needed)
    lacking += _want_pointers(wanted, repository.root, cache)
    for other in others:
        if read_settings(other).cache.resolve() != cache.folder.resolve():
            raise UsageError(
                f"{other} does not use the cache {cache.folder}",
                "dvc config --project cache.dir",
                path=str(other),
            )
        try:
            theirs = Repository.find(other)
        except NoRepository:
            pass
        else:
            _want_versions(wanted, theirs, reachable(theirs, report))
        lacking += _want_pointers(wanted, other, cache)
    if lacking and not allow_missing:
        shown = ", ".join(lacking[:_SHOWN]) + (" …" if len(lacking) > _SHOWN else "")
        raise Missing(
            f"{len(lacking)} listings of folders that git names are not in the cache ({shown}): "
            "which files they need cannot be told; nothing was collected",
            "dvc fetch --all-commits",
            "mlctl gc --allow-missing",
            names=lacking,
        )
    return wanted


def _want_versions(wanted: Wanted, repository: Repository, needed: Reachable) -> None:
    for _digest, version in needed.versions:
        if version.path is None:
            continue  # frozen: its table is an object
        wanted.add(version.md5, _VERSIONS)
        if version.shape == "folder":
            for entry in repository.manifests.entries(version.sha256):
                wanted.add(entry.md5, _VERSIONS)


def _want_pointers(wanted: Wanted, root: Path, cache: DvcCache) -> Iterator[str]:
    """Want what git and the work trees name; the listings that are not here, each once."""
    for names, reason in ((named_in_work_trees(root), _TREES), (named_in_history(root), _HISTORY)):
        for md5 in names:
            if not wanted.add(md5, reason) or not md5.endswith(".dir"):
                continue
            if not cache.has(md5):
                yield md5
                continue
            for _path, inner in cache.listing(md5):
                wanted.add(inner, reason)
