"""What a column looks like: the summary kept beside every table version."""

from mlctl.domain.records import Record


class ColumnProfile(Record, frozen=True, kw_only=True):
    """One column, summarised.

    Attributes:
        count: rows, missing ones included.
        distinct: number of different values present; exact.
        minimum, maximum: numbers, or text in RFC 3339 for times; None for other types.
        quantiles: of numbers at 0, .01, .05, .25, .5, .75, .95, .99, 1; linear interpolation.
        edges, counts: a histogram of numbers; len(edges) == len(counts) + 1.
        top: the most frequent values of text, booleans and low-cardinality integers, with their counts.
    """

    name: str
    type: str
    count: int
    missing: int
    distinct: int
    minimum: float | str | None = None
    maximum: float | str | None = None
    mean: float | None = None
    std: float | None = None
    quantiles: tuple[float, ...] = ()
    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    top: tuple[tuple[str, int], ...] = ()


class Profile(Record, frozen=True, kw_only=True):
    """A table, summarised column by column."""

    rows: int
    columns: tuple[ColumnProfile, ...]
