"""Which code, carried by models, was trained with in this very repository: it may run here unasked.

One empty file a digest. Facts that come from elsewhere bring none, whatever they claim.
"""

from mlctl.domain.ids import is_digest
from mlctl.store.files import explained
from mlctl.store.layout import Layout


class OwnCode:
    """The digests."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.own_code

    def add(self, digest: str) -> None:
        """Remember it; nothing if it is known."""
        if is_digest(digest):
            with explained(self._folder):
                self._folder.mkdir(exist_ok=True)
                (self._folder / digest).touch()

    def __contains__(self, digest: str) -> bool:
        """Whether it was added here."""
        return is_digest(digest) and (self._folder / digest).is_file()
