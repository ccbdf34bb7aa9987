"""The DVC remote that the project's `.dvc/config` names as default: anything that dvc can reach."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dvc.config import NoRemoteError
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc_data.hashfile.hash_info import HashInfo
from fsspec.callbacks import Callback  # type: ignore[import-untyped]  # it publishes no type information

from mlctl.domain.errors import Denied, Incomplete, NotFound, Unreachable


class DvcRemote:
    """Fetches through dvc's own transfer, with its configuration and credentials."""

    name = "dvc"

    def fetch(self, root: Path, names: Sequence[str], progress: Callable[[int, int | None], None]) -> None:
        """Fetch from the default remote into the configured cache; see `contracts.remote`."""
        try:
            with Repo(str(root)) as repo:
                source = repo.cloud.get_remote_odb(command="fetch")
                failed = self._transfer(repo, source, names, progress)
        except NoRemoteError as error:
            raise NotFound(
                "the bytes are not in the cache, and there is no default DVC remote to fetch them from",
                "dvc remote add -d NAME URL",
                names=list(names),
            ) from error
        except PermissionError as error:
            raise Denied(f"the DVC remote refused access: {error}") from error
        except FileNotFoundError as error:
            raise self._incomplete(names) from error
        except (DvcException, OSError) as error:
            raise Unreachable(f"the DVC remote could not be asked: {error}", "dvc remote list") from error
        if failed:
            raise self._incomplete(sorted(failed))

    def _transfer(
        self, repo: Any, source: Any, names: Sequence[str], progress: Callable[[int, int | None], None]
    ) -> set[str]:
        cache = repo.cache.local
        wanted = {HashInfo("md5", name) for name in names}
        done = repo.cloud.transfer(
            source,
            cache,
            wanted,
            cache_odb=source,  # a folder's listing is read where it is, not where it is wanted
            shallow=False,
            verify=source.verify,
            callback=_Told(progress),
        )
        return {item.value for item in done.failed} | {name for name in names if not cache.exists(name)}

    def _incomplete(self, names: Sequence[str]) -> Incomplete:
        return Incomplete(
            f"the DVC remote does not hold {len(names)} of the wanted files: {', '.join(names[:3])}",
            "dvc push",
            names=list(names),
        )


class _Told(Callback):  # type: ignore[misc]  # fsspec publishes no type information
    """Passes fsspec's counts on."""

    def __init__(self, progress: Callable[[int, int | None], None]) -> None:
        super().__init__()
        self._progress = progress

    def call(self, *args: Any, **kwargs: Any) -> None:
        """Called by fsspec after every change of its counts."""
        del args, kwargs
        self._progress(self.value, self.size)
