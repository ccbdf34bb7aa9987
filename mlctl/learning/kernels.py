"""The native libraries that compute in this process, as they have set themselves up on its processor.

A BLAS has other code for each family of processors, and sums in another order in each.
"""

from threadpoolctl import threadpool_info

OPENBLAS = "openblas"


def kernels() -> dict[str, str]:
    """Version and family of processors by library: {"openblas": "0.3.30 Haswell"}."""
    found: dict[str, set[str]] = {}
    for one in threadpool_info():
        told = " ".join(str(one[key]) for key in ("version", "architecture") if one.get(key))
        if told and one.get("architecture"):
            found.setdefault(str(one["internal_api"]), set()).add(told)
    return {name: ", ".join(sorted(told)) for name, told in sorted(found.items())}
