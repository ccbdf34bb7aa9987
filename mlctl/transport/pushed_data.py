"""Are the data of pushed pointers on their remote? Asked with few requests: one key a pointer.

A file is there where its key is, with the size that the pointer says. A folder is there where its listing is:
mlctl and dvc send a listing after all files that it names. What cannot be shown refuses the push.
"""

from contextlib import closing, suppress
from pathlib import Path

import msgspec

from mlctl.contracts.remote import RemoteStore
from mlctl.datasets.provenance import Added, added, person
from mlctl.domain.errors import Denied, Incomplete, MlctlError, NotFound, Unreachable
from mlctl.domain.progress import Report
from mlctl.domain.remote import WHO_HAS_IT
from mlctl.domain.requests.hook_run import HookRunResult, LackingData
from mlctl.project.remote_stores import data_setting_of, store_of
from mlctl.project.session import Session
from mlctl.sharing.presence import there
from mlctl.transport.send_command import send_command
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import read_settings
from mlctl.workspace.pointed_data import NamedData, data_locked_by, data_named_by
from mlctl.workspace.pushed import LOCK, PushedPointer, texts_of

PIPELINE = "dvc.yaml"
SKIP = "git push --no-verify"

_TRIES = 4  # somebody waits
_SHOWN = 10
_MINUTE = 16  # characters of a time


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Data that a pushed pointer names.

    Attributes:
        root: the project that the pointer is in.
    """

    pointer: PushedPointer
    data: NamedData
    root: Path


def check_pushed(
    pointers: list[PushedPointer], *, report: Report, command: str
) -> tuple[HookRunResult, tuple[str, ...]]:
    """Ask the remotes; the result and warnings.

    Raises:
        Incomplete, NotFound, Unreachable, Denied, UsageError: as `hook_run`.
    """
    del report
    top = Path.cwd()
    wanted = _wanted(top, pointers)
    urls: dict[str, None] = {}
    warnings: tuple[str, ...] = ()
    lacking: list[tuple[Wanted, str]] = []
    for root, name in dict.fromkeys((one.root, one.data.remote) for one in wanted):
        here = [one for one in wanted if (one.root, one.data.remote) == (root, name)]
        store, more = _opened(root, name, here)
        with closing(store):
            urls[store.url] = None
            warnings += more
            lacking += [(one, store.url) for one in _lacking(store, here)]
    if lacking:
        raise _refusal(top, lacking, command)
    return HookRunResult(pointers=len(pointers), urls=tuple(urls)), warnings


def _wanted(top: Path, pointers: list[PushedPointer]) -> list[Wanted]:
    pipelines = {pointer: _pipeline(pointer) for pointer in pointers if _is_lock(pointer)}
    texts = texts_of(top, [*(pointer.blob for pointer in pointers), *pipelines.values()])
    found = []
    for pointer in pointers:
        root = _project_of(top, pointer.path)
        if root is None:
            continue  # no project of dvc's or mlctl's: a file that happens to have such a name
        try:
            named = _named(
                texts[pointer.blob], texts.get(pipelines[pointer], "") if _is_lock(pointer) else None
            )
        except ValueError as error:
            raise Incomplete(
                f"{pointer.path} in commit {pointer.commit.digest[:12]} is no pointer that can be read "
                f"({error}), so nobody can say whether its data are on their remote; nothing was pushed",
                f"git show {pointer.commit.digest[:12]}",
                SKIP,
                pointer=pointer.path,
                commit=pointer.commit.digest,
            ) from error
        found += [Wanted(pointer=pointer, data=data, root=root) for data in named]
    return found


def _is_lock(pointer: PushedPointer) -> bool:
    return pointer.path.rpartition("/")[2] == LOCK


def _pipeline(pointer: PushedPointer) -> str:
    """Git's name for the `dvc.yaml` beside a lock in the same commit."""
    return f"{pointer.commit.digest}:{pointer.path.removesuffix(LOCK)}{PIPELINE}"


def _named(text: str, pipeline: str | None) -> list[NamedData]:
    return data_named_by(text) if pipeline is None else data_locked_by(text, pipeline)


def _project_of(top: Path, path: str) -> Path | None:
    """The nearest folder above the pointer that is a project."""
    folders = (top / path).parents
    inside = [folder for folder in folders if folder.is_relative_to(top)]
    return next(
        (folder for folder in inside if (folder / ".dvc").is_dir() or (folder / ".mlctl").is_dir()), None
    )


def _opened(root: Path, name: str | None, wanted: list[Wanted]) -> tuple[RemoteStore, tuple[str, ...]]:
    try:
        setting, warnings = data_setting_of(root, name)
    except NotFound as error:
        pointer = wanted[0].pointer
        raise NotFound(
            f"{error.message}, so the data of {pointer.path} (commit {pointer.commit.digest[:12]}) are on "
            "none; nothing was pushed",
            *error.hints,
            SKIP,
            pointer=pointer.path,
        ) from error
    return store_of(setting, tries=_TRIES), warnings


def _lacking(store: RemoteStore, wanted: list[Wanted]) -> list[Wanted]:
    try:
        sizes = there(store, (one.data.md5 for one in wanted if not one.data.dvc2))
        old = store.sizes({one.data.key for one in wanted if one.data.dvc2})
    except (Unreachable, Denied) as error:
        raise type(error)(
            f"{error.message}\nso nobody can say whether the data of {len(wanted)} pushed "
            f"pointer{'s' if len(wanted) > 1 else ''} are there; nothing was pushed",
            SKIP,
            **error.facts,
        ) from error
    return [one for one in wanted if not _is_there(one.data, old if one.data.dvc2 else sizes)]


def _is_there(data: NamedData, sizes: dict[str, int]) -> bool:
    size = sizes.get(data.key if data.dvc2 else data.md5)
    if size is None or data.md5.endswith(".dir") or data.dvc2:
        return size is not None  # a listing's size is not the folder's; DVC 2's was counted in another way
    return data.size is None or size == data.size


def _refusal(top: Path, lacking: list[tuple[Wanted, str]], command: str) -> Incomplete:
    told = [_told(one, url, command) for one, url in lacking]
    urls = " or ".join(dict.fromkeys(one.url for one in told))
    lines = [_line(one) for one in told[:_SHOWN]]
    if len(told) > _SHOWN:
        lines.append(f"  … and {len(told) - _SHOWN} more")
    many = len(told) > 1
    head = (
        f"{len(told)} pushed pointer{'s name' if many else ' names'} data that "
        f"{'are' if many else 'is'} not on {urls}; nothing was pushed:"
    ).replace("data that is", "data that are")
    newest = all(_is_current(top, one) for one, _ in lacking)
    return Incomplete(
        "\n".join([head, *lines]),
        *dict.fromkeys(
            send_command(
                one.root, versioned=said.dataset is not None, every_commit=not newest, given=said.sent
            )
            for (one, _), said in zip(lacking, told, strict=True)
        ),
        SKIP,
        lacking=msgspec.to_builtins(told),
    )


def _line(one: LackingData) -> str:
    parts = [one.dataset, one.what, None if one.files is None else f"{one.files} files"]
    parts.append(None if one.bytes is None else f"{one.bytes:,} bytes")
    what = ", ".join(part for part in parts if part)
    absent = (
        ""
        if one.here
        else f"; not in the cache of this machine either: {WHO_HAS_IT}"
        if one.dataset
        else "; not in the cache of this machine either: who has them must send them"
    )
    when = one.added_at[:_MINUTE].replace("T", " ")
    return (
        f"  {one.pointer}{f' ({what})' if what else ''}: added by {one.added_by}, {when} UTC, "
        f"commit {one.commit[:12]} {one.subject!r}{absent}"
    )


def _told(one: Wanted, url: str, command: str) -> LackingData:
    commit, data = one.pointer.commit, one.data
    known = _by_the_log(one.root, data.md5, command)
    return LackingData(
        pointer=one.pointer.path,
        what=data.what,
        md5=data.md5,
        bytes=data.size,
        files=data.nfiles,
        dataset=known.label if known else None,
        url=url,
        here=DvcCache(read_settings(one.root).cache).has(data.md5),
        commit=commit.digest,
        subject=commit.subject,
        added_by=known.by if known else person(commit.author, commit.email),
        added_at=known.at if known else commit.time,
        sent=known is not None and known.given,
    )


def _by_the_log(root: Path, md5: str, command: str) -> Added | None:
    """What the log says, if there is one; a damaged one is no reason to say less about the push."""
    if (root / ".mlctl" / "format").exists():
        with suppress(MlctlError):
            return added(Session.open(root, command=command), md5)
    return None


def _is_current(top: Path, one: Wanted) -> bool:
    """Whether the work tree's pointer names these data: then what sends its data sends them."""
    path = top / one.pointer.path
    try:
        pipeline = path.with_name(PIPELINE).read_text(encoding="utf-8") if _is_lock(one.pointer) else None
        named = _named(path.read_text(encoding="utf-8"), pipeline)
    except (OSError, ValueError):
        return False
    return one.data.md5 in {data.md5 for data in named}
