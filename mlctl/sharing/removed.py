"""Removals that a remote holds: what nobody needs to look for."""

import msgspec

from mlctl.contracts.remote import RemoteStore
from mlctl.domain.errors import Denied, Missing
from mlctl.domain.records import decode, digest_of
from mlctl.domain.removal import Removal
from mlctl.sharing import keys


def removed_there(store: RemoteStore) -> list[Removal]:
    """All of them; none where it cannot be listed.

    One that is damaged says nothing; whoever brings it is told.
    """
    found: list[Removal] = []
    try:
        listed = [one.key for one in store.list(f"{keys.FACTS}{Removal.kind}/")]
    except Denied:
        return []
    for key in listed:
        digest = key.rpartition("/")[2].removesuffix(".json")
        try:
            data = store.read(key)
            if digest_of(data) == digest:
                found.append(decode(data, Removal))
        except (Missing, msgspec.DecodeError):
            continue
    return found
