"""An eviction, planned or done, as text."""

from rich.console import Console

from mlctl.cli.columns import columns, size
from mlctl.domain.requests.data_evict import DataEvictResult

_PROOFS = {
    "digest": "by the digest that the remote computed",
    "read": "by reading back and hashing",
    "size": "by name and size alone",
}
_KEPT = {
    "absent": "not on the remote",
    "differs": "the remote has other bytes",
    "linked": "a work tree links to them",
    "needed": "needed by a version or pointer that was not named",
}


def render(data: DataEvictResult, out: Console) -> None:
    """What goes and how it is proven, then what stays and why."""
    if not data.files:
        out.print("nothing to evict")
    else:
        verb = "evicted" if data.changed else "to evict"
        out.print(f"{verb}: {data.files} files, {size(data.bytes)}; {data.url} has them", soft_wrap=True)
    rows = [("proven" if data.done else "provable", one, _PROOFS[one.what]) for one in data.proofs]
    rows += [("stays", one, _KEPT[one.what]) for one in data.kept]
    lines = [(what, f"{one.files} files", size(one.bytes), why) for what, one, why in rows]
    for line in columns(lines, right=(1, 2), indent="  "):
        out.print(line, soft_wrap=True)
