"""Pointers of imported data in DVC's format: `frozen: true`, `deps` with the source and its state, `outs`.

What the real `dvc update` and `dvc status` read and write; what was promised of the bytes stands in `meta`,
which they keep and do not read. Loads a YAML library; asked for imports alone.
"""

import os
from pathlib import Path
from typing import Any

import msgspec

from mlctl.domain.errors import Corrupt
from mlctl.domain.imported import Lock, Source
from mlctl.workspace.dvc_files import Pointer
from mlctl.workspace.files import write_whole
from mlctl.workspace.pointer_yaml import read_yaml, stage_md5, yaml_text


def read_source(path: Path) -> tuple[Source, Lock] | None:
    """Where the data of a pointer file were imported from; None where they were not, or there is no file.

    Raises:
        Corrupt: it cannot be read.
    """
    try:
        document = read_yaml(path.read_text(encoding="utf-8"))
        deps = document.get("deps") or []
    except (FileNotFoundError, IsADirectoryError):
        return None
    except (ValueError, AttributeError):
        raise Corrupt(
            f"{path} is not a DVC pointer", "git checkout -- " + str(path), path=str(path)
        ) from None
    if len(deps) != 1 or "cmd" in document:
        return None
    source, lock = _parsed(path, deps[0])
    meta = document.get("meta")
    promised = meta.get("sha256") if isinstance(meta, dict) else None
    return source, lock if promised is None else msgspec.structs.replace(lock, sha256=str(promised).lower())


def write_import(path: Path, pointer: Pointer, source: Source, lock: Lock) -> bool:
    """Make the file say this; the whole file is written anew. Whether it changed."""
    out: dict[str, Any] = {"md5": pointer.md5, "size": pointer.size}
    if pointer.nfiles is not None:
        out["nfiles"] = pointer.nfiles
    document: dict[str, Any] = {
        "frozen": True,
        "deps": [_dep(source, lock, pointer)],
        "outs": [{**out, "hash": "md5", "path": pointer.path}],
    }
    if lock.sha256 is not None:
        document["meta"] = {"sha256": lock.sha256}
    text = yaml_text({"md5": stage_md5(document), **document}).encode("utf-8")
    try:
        if path.read_bytes() == text:
            return False
    except FileNotFoundError:
        pass
    write_whole(path, text)
    return True


def _dep(source: Source, lock: Lock, pointer: Pointer) -> dict[str, Any]:
    if source.path is not None:
        rev = {"rev": source.rev} if source.rev is not None else {}
        return {"path": source.path, "repo": {"url": source.url, **rev, "rev_lock": lock.commit}}
    told: dict[str, Any]
    if source.scheme == "file":
        told = {"md5": pointer.md5}
        size, nfiles = pointer.size, pointer.nfiles
    else:
        told = {} if lock.etag is None else {"etag" if source.scheme == "s3" else "checksum": lock.etag}
        size, nfiles = pointer.size, None
    count = {} if nfiles is None else {"nfiles": nfiles}
    return {**told, "size": size, **count, "hash": "md5", "path": source.url}


def _parsed(path: Path, dep: dict[str, Any]) -> tuple[Source, Lock]:
    where = str(dep.get("path", ""))
    repo = dep.get("repo")
    if repo is not None:
        rev, commit = repo.get("rev"), repo.get("rev_lock")
        source = Source(url=str(repo.get("url")), path=where, rev=None if rev is None else str(rev))
        return source, Lock(commit=None if commit is None else str(commit))
    if "://" in where:
        etag = dep.get("etag") or dep.get("checksum")
        return Source(url=where), Lock(etag=None if etag is None else str(etag), size=dep.get("size"))
    url = os.path.normpath(path.parent / where)
    return Source(url=url), Lock(md5=dep.get("md5"), size=dep.get("size"))
