"""Whether a store's put-if-absent holds: of many writers at once exactly one is told that it was first."""

from contextlib import suppress

from mlctl.contracts.remote import RemoteStore
from mlctl.domain.errors import MlctlError
from mlctl.sharing.pool import side_by_side

_WRITERS = 4


def refuses_the_second(store: RemoteStore, key: str) -> bool:
    """Create a key twice over, at once and one after another; the key is removed afterwards.

    Raises:
        Unreachable, Denied: the store can't be asked.
    """
    try:
        won = list(
            side_by_side(
                min(_WRITERS, store.parallel),
                lambda n: store.create(key, b"writer %d\n" % n),
                range(_WRITERS),
            )
        )
        late = store.create(key, b"late\n")
        return won.count(True) == 1 and not late and store.read(key) == b"writer %d\n" % won.index(True)
    finally:
        with suppress(MlctlError):
            store.remove([key])
