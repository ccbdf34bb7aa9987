"""What is known to be in the cache without a look at each file."""

from collections.abc import Iterable

from mlctl.domain.manifest import Chunk
from mlctl.workspace.dvc_cache import PREFIXES, DvcCache
from mlctl.workspace.scan import Memory


class Trust:
    """Which folders of the cache have changed since all that the place's chunks name was seen there.

    Taking an object away changes its folder's stamp, so a folder whose stamp is old and unchanged still has
    what it had: 256 looks instead of one an object.
    """

    def __init__(self, memory: Memory, place: str, cache: DvcCache | None) -> None:
        self._memory, self._place, self._cache = memory, place, cache
        self._before = cache.folders() if cache else {}
        self._known = memory.trusted(place, str(cache.folder)) if cache else {}
        self.doubted = {name for name in PREFIXES if self._before.get(name, ()) != self._known.get(name)}

    def renew(self) -> None:
        """All was seen: keep the stamps of the folders that nobody changed meanwhile."""
        if self._cache is None:
            return
        after = self._cache.folders()
        quiet = {name: stamp for name, stamp in self._before.items() if after.get(name) == stamp}
        if quiet != self._known:
            self._memory.trust(self._place, str(self._cache.folder), quiet)


def are_cached(memory: Memory, place: str, cache: DvcCache, chunks: Iterable[Chunk]) -> bool:
    """Whether all files of a manifest are known to be in the cache: as `Trust` knows it. False: look."""
    if Trust(memory, place, cache).doubted:
        return False
    seen = [(memory.chunk(place, chunk.first), chunk.digest) for chunk in chunks]
    return all(chunk is not None and chunk.cached and chunk.digest == digest for chunk, digest in seen)
