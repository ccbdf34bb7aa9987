"""`mlctl predict`."""

import msgspec


class PredictRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Score a table.

    Attributes:
        model: a selector: "demand@7", "demand@production", "production".
        input: path of a table: CSV, TSV, Parquet, Arrow or JSON lines, also gzipped.
        output: path to write, .csv, .parquet or .jsonl; replaced as a whole, or not at all.
    """

    model: str
    input: str
    output: str
    dry_run: bool = False


class PredictResult(msgspec.Struct, frozen=True, kw_only=True):
    """What was written.

    Attributes:
        rows: predicted.
        columns: of the output.
    """

    model: str
    version: int
    digest: str
    input: str
    output: str
    rows: int
    columns: tuple[str, ...]
    seconds: float
    dry_run: bool = False
