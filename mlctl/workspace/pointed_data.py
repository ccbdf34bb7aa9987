"""Which data a pointer file or a `dvc.lock` names, whoever wrote it, and on which remote they belong."""

import re
from importlib import import_module
from typing import Any

import msgspec

_MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?\Z")
_PLAIN = re.compile(
    r"outs:\n- md5: '?(?P<md5>[0-9a-f]{32}(\.dir)?)'?\n  size: (?P<size>[0-9]+)\n"
    r"(  nfiles: (?P<nfiles>[0-9]+)\n)?  hash: md5\n  path: [^\n]+\n\Z"
)


class NamedData(msgspec.Struct, frozen=True, kw_only=True):
    """Data that a pointer names.

    Attributes:
        remote: the one that the pointer says, or None for the default one.
        dvc2: whether DVC 2 wrote it.
        what: of a lock, the out and its stage.
    """

    md5: str
    size: int | None = None
    nfiles: int | None = None
    remote: str | None = None
    dvc2: bool = False
    what: str | None = None

    @property
    def key(self) -> str:
        """Where a remote keeps it."""
        return f"{'' if self.dvc2 else 'files/md5/'}{self.md5[:2]}/{self.md5[2:]}"


def data_named_by(text: str) -> list[NamedData]:
    """The data that should be on a remote where this pointer is.

    Left out is what no push carries: outs with `push: false` or `cache: false`, imports from another
    repository (fetched from there), outs that were never downloaded, and versions that a cloud keeps itself.

    Raises:
        ValueError: the text is no pointer.
    """
    plain = _PLAIN.match(text)
    if plain is not None:
        nfiles = plain["nfiles"]
        return [
            NamedData(
                md5=plain["md5"], size=int(plain["size"]), nfiles=None if nfiles is None else int(nfiles)
            )
        ]
    document = import_module("mlctl.workspace.pointer_yaml").read_yaml(text)
    if not isinstance(document, dict) or not isinstance(document.get("outs"), list):
        raise ValueError("it has no outs")  # noqa: TRY004 - of a text, not of an argument
    if any(isinstance(dep, dict) and "repo" in dep for dep in document.get("deps") or ()):
        return []
    return [_named(out) for out in document["outs"] if isinstance(out, dict) and _is_pushed(out)]


def data_locked_by(text: str, pipeline: str) -> list[NamedData]:
    """The data of a `dvc.lock` that should be on a remote, by the `dvc.yaml` beside it.

    Left out is what no push carries, as above, and stages that `dvc.yaml` does not have (any more). Where
    outs that stay are named by a template, only outs that are named in full count.

    Raises:
        ValueError: a text is no lock or no pipeline.
    """
    read = import_module("mlctl.workspace.pointer_yaml").read_yaml
    try:
        stages = dict((read(text) or {}).get("stages") or {})
        declared = dict((read(pipeline) or {}).get("stages") or {})
        found = []
        for name, stage in stages.items():
            wanted = declared.get(name) or declared.get(name.partition("@")[0])
            if wanted is not None:
                found += _locked(name, stage, wanted.get("do", wanted))
    except (AttributeError, TypeError, KeyError) as error:
        raise ValueError("it is no lock of a pipeline") from error
    return found


def data_withheld_by(text: str, pipeline: str | None = None) -> set[str]:
    """The md5 of outs that a pointer, or a lock by its pipeline, keeps from every push.

    Those are outs with `push: false` or `cache: false`, named in full.

    Raises:
        ValueError: a text is no pointer, lock or pipeline.
    """
    if "false" not in (text if pipeline is None else pipeline):
        return set()  # the usual case: no need for a YAML library
    read = import_module("mlctl.workspace.pointer_yaml").read_yaml
    try:
        if pipeline is None:
            return {out["md5"] for out in read(text)["outs"] if "md5" in out and _stays(out)}
        stages, declared = read(text).get("stages") or {}, read(pipeline).get("stages") or {}
        found = set()
        for name, stage in stages.items():
            wanted = declared.get(name) or declared.get(name.partition("@")[0]) or {}
            closed = _closed(_flags(wanted.get("do", wanted)))
            outs = [out for out in stage.get("outs") or () if str(out["path"]) in closed]
            found |= {str(out["md5"]) for out in outs if "md5" in out}
    except (AttributeError, TypeError, KeyError) as error:
        raise ValueError("it is no pointer or pipeline") from error
    return found


def _flags(wanted: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What a stage of `dvc.yaml` says of its outs, by path."""
    flags: dict[str, dict[str, Any]] = {}
    for kind in ("outs", "metrics", "plots"):
        for item in wanted.get(kind) or ():
            named = item if isinstance(item, dict) else {item: {}}
            flags |= {str(path): given or {} for path, given in named.items()}
    return flags


def _closed(flags: dict[str, dict[str, Any]]) -> set[str]:
    return {path for path, given in flags.items() if _stays(given)}


def _stays(given: dict[str, Any]) -> bool:
    return given.get("push") is False or given.get("cache") is False


def _locked(name: str, stage: dict[str, Any], wanted: dict[str, Any]) -> list[NamedData]:
    flags = _flags(wanted)
    closed = _closed(flags)
    templated = any("${" in path for path in closed)
    return [
        msgspec.structs.replace(
            _named({**out, "remote": flags.get(str(out["path"]), {}).get("remote")}),
            what=f"{out['path']} of stage {name}",
        )
        for out in stage.get("outs") or ()
        if "md5" in out
        and "cloud" not in out
        and str(out["path"]) not in closed
        and (not templated or str(out["path"]) in flags)
    ]


def _is_pushed(out: dict[str, Any]) -> bool:
    return not _stays(out) and "md5" in out and "cloud" not in out


def _named(out: dict[str, Any]) -> NamedData:
    md5 = str(out["md5"])
    if _MD5.match(md5) is None:
        raise ValueError(f"{md5!r} is no md5")
    size, nfiles, remote = out.get("size"), out.get("nfiles"), out.get("remote")
    return NamedData(
        md5=md5,
        size=size if isinstance(size, int) else None,
        nfiles=nfiles if isinstance(nfiles, int) else None,
        remote=str(remote) if remote else None,
        dvc2=out.get("hash") != "md5",
    )
