"""What stands under which key of a remote. Data are laid out as DVC 3 does, so that dvc shares the same URL.

files/md5/<2>/<30>[.dir]        data: DVC's own layout
mlctl/format                    sealed line {"format":1}
mlctl/objects/<2>/<64>          bytes by sha256, as in `.mlctl/objects`
mlctl/facts/<kind>/<64>.json    records, as in `.mlctl/facts`
mlctl/decisions/<8 digits>      the shared log: created by put-if-absent, never changed or removed
"""

FORMAT = "mlctl/format"
FACTS = "mlctl/facts/"
OBJECTS = "mlctl/objects/"
DECISIONS = "mlctl/decisions/"
DATA = "files/md5/"


def data(md5: str) -> str:
    """The key of data by DVC's md5; a folder's listing has ".dir" at its end."""
    return f"{DATA}{md5[:2]}/{md5[2:]}"


def object_of(sha256: str) -> str:
    """The key of an object."""
    return f"{OBJECTS}{sha256[:2]}/{sha256}"


def fact(kind: str, digest: str) -> str:
    """The key of a fact."""
    return f"{FACTS}{kind}/{digest}.json"


def decision(number: int) -> str:
    """The key of an entry of the shared log."""
    return f"{DECISIONS}{number:08d}"
