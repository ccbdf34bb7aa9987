"""Refuses facts of a remote whose paths lead where nothing of it may be written."""

from pathlib import PurePosixPath

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import Untrusted
from mlctl.domain.model import ModelVersion
from mlctl.domain.records import Fact


def refuse_odd_paths(url: str, fact: Fact) -> None:
    """A path in a fact stays inside the project, and out of what git, dvc and mlctl keep there."""
    paths = []
    if isinstance(fact, DatasetVersion) and fact.path is not None:
        paths.append(fact.path)
    if isinstance(fact, ModelVersion):
        paths += [artefact.name for artefact in fact.artefacts]
    for path in paths:
        parts = PurePosixPath(path)
        if (
            parts.is_absolute()
            or not parts.parts
            or {"..", ".git", ".dvc", ".mlctl"} & set(parts.parts)
            or "\0" in path
        ):
            raise Untrusted(f"{url}: a fact names the path {path!r}, which may not be written", path=path)
