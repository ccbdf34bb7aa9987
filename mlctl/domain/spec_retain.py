"""`[retain]`: how long files of versions and output of runs are kept."""

import msgspec


class RetainSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=False):
    """`[retain]`: what `mlctl gc` lets go; records stay, and so does whatever a name or a prediction needs.

    Attributes:
        versions: of each model, so many newest versions keep their files; None: all.
        runs: output, points and artifacts of runs are kept so long ("90d"); None: for ever.
    """

    versions: int | None = None
    runs: str | None = None
