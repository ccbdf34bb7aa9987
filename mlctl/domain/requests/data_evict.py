"""`mlctl data evict`."""

import msgspec


class DataEvictRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What need not be in the cache of this machine.

    Attributes:
        datasets: `images` (all its versions and what its pointer names) or `images@2`; everything if empty.
        remote: name of the data's remote; the default one if None.
        yes: do it; otherwise only the plan is made.
        trust_size: a file of the right size under the right name on the remote is proof enough.
        keep: of each dataset the newest so many versions stay, and whatever a work tree's pointer names.
        older_than: a duration; versions that were added later stay, and what a work tree's pointer names.
        projects: folders of the other projects that share the cache, where it is outside this project.
    """

    datasets: tuple[str, ...] = ()
    remote: str | None = None
    yes: bool = False
    trust_size: bool = False
    keep: int | None = None
    older_than: str | None = None
    projects: tuple[str, ...] = ()
    dry_run: bool = False


class Amount(msgspec.Struct, frozen=True, kw_only=True):
    """Some files of the cache.

    Attributes:
        what: of what goes, the proof: "digest" (the remote computed it from its bytes), "read" (read back
            and hashed; in a plan: would be), "size". Of what stays, the reason: "needed" (by a version or
            pointer that was not named), "linked" (a work tree links to it), "absent" (the remote lacks it),
            "differs" (the remote has other bytes, or of another size).
        names: the first of them: their md5.
    """

    what: str
    files: int
    bytes: int
    names: tuple[str, ...] = ()


class DataEvictResult(msgspec.Struct, frozen=True, kw_only=True):
    """The plan, and whether it was carried out.

    Attributes:
        datasets: whose bytes were looked at: `images@2`, or a path where the log knows no version.
        files, bytes: that go from the cache.
        proofs: the same, by how it is known that the remote has them.
        kept: what stays, by reason.
    """

    datasets: tuple[str, ...]
    url: str
    files: int
    bytes: int
    proofs: tuple[Amount, ...]
    kept: tuple[Amount, ...]
    done: bool
    changed: bool
