"""Which build of a package is installed: versions alone do not tell one wheel of it from another."""

import hashlib
from collections.abc import Collection, Iterable
from pathlib import Path

from mlctl.workspace.distributions import canonical

COMPUTES = frozenset(
    {"joblib", "mlctl", "numpy", "pyarrow", "scikit-learn", "scipy", "skops", "threadpoolctl"}
)
"""Packages that take part in every fit."""

_DIGITS = 16


def builds_of(names: Collection[str], folders: Iterable[str]) -> dict[str, str]:
    """A digest of what a package's installer wrote down, by canonical name; the first folder wins.

    Files that an installer adds of its own (bytecode, its notes) do not count.
    """
    found: dict[str, str] = {}
    for folder in folders:
        for info in sorted(Path(folder or ".").glob("*.dist-info")):
            name = canonical(info.name.removesuffix(".dist-info").rpartition("-")[0])
            if name in names and name not in found and (info / "RECORD").is_file():
                found[name] = _digest((info / "RECORD").read_bytes())
    return dict(sorted(found.items()))


def _digest(record: bytes) -> str:
    lines = (line for line in record.splitlines() if b",sha256=" in line and b".dist-info/" not in line)
    return hashlib.sha256(b"\n".join(sorted(lines))).hexdigest()[:_DIGITS]
