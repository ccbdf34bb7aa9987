"""A cache that need not hold again what was sent away from it, and what a remote proved to have."""

from collections.abc import Collection

from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import DvcSettings


class RelyingCache(DvcCache):
    """Counts what is elsewhere as held; what it says then is not remembered as seen."""

    def __init__(self, settings: DvcSettings, elsewhere: Collection[str]) -> None:
        """Name it.

        Args:
            settings: of the project, whose cache it is.
            elsewhere: md5 of what was sent away.
        """
        super().__init__(settings.cache, shared=settings.shared)
        self._elsewhere = elsewhere

    @property
    def is_complete(self) -> bool:
        """Whether nothing that was sent away is lacking here."""
        return all(super(RelyingCache, self).has(md5) for md5 in self._elsewhere)

    def has(self, md5: str) -> bool:
        """Whether the bytes are here, or were sent away."""
        if super().has(md5):
            return True
        if md5 not in self._elsewhere:
            return False
        self.relied += 1
        return True

    def holds(self, md5: str) -> bool:
        """Whether the bytes are here."""
        return super().has(md5)
