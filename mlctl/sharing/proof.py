"""Whether a remote verifiably has some bytes: asked before the last local copy of them may go.

The right name and size are no proof: a remote may hold a damaged file. Proof is the md5 that the store itself
computed of what it holds, where it has one (S3's ETag of what came in one piece); else the bytes are read
back and hashed. A store whose folder is the cache itself proves nothing, and is found out.
"""

import hashlib
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from secrets import token_hex

import msgspec

from mlctl.contracts.remote import RemoteStore
from mlctl.domain.errors import Missing
from mlctl.sharing import keys
from mlctl.sharing.presence import folder_of, there
from mlctl.sharing.retry import RetryingStore
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.scan import read_file

DIGEST, READ, SIZE = "digest", "read", "size"
ABSENT, DIFFERS = "absent", "differs"


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a remote's bytes.

    Attributes:
        sizes: of the files that were asked about, here.
        proofs: md5 to the kind of proof that the remote has it; READ is still to be done by `read_back`.
        failed: md5 to "absent" or "differs".
    """

    sizes: dict[str, int]
    proofs: dict[str, str]
    failed: dict[str, str]


def look(store: RemoteStore, cache: DvcCache, md5s: Iterable[str], *, trust_size: bool) -> Held:
    """What can be known without reading files back.

    Args:
        store: the remote.
        cache: holds all of them.
        md5s: of files, or of listings with ".dir".
        trust_size: name and size are proof enough.
    """
    sizes = {md5: cache.path(md5).stat().st_size for md5 in dict.fromkeys(md5s)}
    found = there(store, sizes)
    failed = {md5: ABSENT for md5 in sizes if md5 not in found}
    failed |= {md5: DIFFERS for md5, size in found.items() if size != sizes[md5]}
    good = [md5 for md5 in sizes if md5 not in failed]
    failed |= {md5: ABSENT for md5 in good if _is_the_cache(store, cache, md5)}
    good = [md5 for md5 in good if md5 not in failed]
    if trust_size:
        return Held(sizes=sizes, proofs=dict.fromkeys(good, SIZE), failed=failed)
    told = store.md5s(keys.data(md5) for md5 in good) if isinstance(store, RetryingStore) else {}
    proofs = {md5: DIGEST if told.get(keys.data(md5)) == md5.removesuffix(".dir") else READ for md5 in good}
    return Held(sizes=sizes, proofs=proofs, failed=failed)


def read_back(store: RemoteStore, held: Held, told: Callable[[int], None]) -> Held:
    """Read back and hash what is not proven otherwise; nothing of it is kept, on disk or in memory.

    Args:
        store: the remote.
        held: as `look` found it.
        told: of so many more bytes that were read.
    """
    wanted = [md5 for md5, proof in held.proofs.items() if proof == READ]

    def act(md5: str) -> bool:
        return _hash(store, keys.data(md5), told) == md5.removesuffix(".dir")

    if not wanted:
        return held
    with ThreadPoolExecutor(min(store.parallel, len(wanted))) as pool:
        right = dict(zip(wanted, pool.map(act, wanted), strict=True))
    wrong = {md5: DIFFERS for md5, good in right.items() if not good}
    return Held(
        sizes=held.sizes,
        proofs={md5: proof for md5, proof in held.proofs.items() if md5 not in wrong},
        failed=held.failed | wrong,
    )


def is_another_place(store: RemoteStore, cache: DvcCache) -> bool:
    """Whether the remote is not the cache itself by another name: it must lack what is new in the cache."""
    data = token_hex(16).encode()
    aside = cache.folder / "tmp" / f"mlctl-{os.getpid()}-{token_hex(6)}"
    aside.parent.mkdir(parents=True, exist_ok=True)
    try:
        aside.write_bytes(data)
        md5 = read_file(aside).hashes.md5
        place = cache.path(md5)
        place.parent.mkdir(parents=True, exist_ok=True)
        aside.rename(place)
        try:
            return not store.sizes([keys.data(md5)])
        finally:
            place.unlink(missing_ok=True)
    finally:
        aside.unlink(missing_ok=True)


def _is_the_cache(store: RemoteStore, cache: DvcCache, md5: str) -> bool:
    folder = folder_of(store)
    if folder is None:
        return False
    with suppress(OSError):
        return (folder / keys.data(md5)).samefile(cache.path(md5))
    return False


def _hash(store: RemoteStore, key: str, told: Callable[[int], None]) -> str | None:
    """The md5 of the remote's bytes; None where they are gone meanwhile."""
    digest = hashlib.md5(usedforsecurity=False)

    def take(data: bytes) -> None:
        digest.update(data)
        told(len(data))

    try:
        store.stream(key, take)
    except Missing:
        return None
    return digest.hexdigest()
