"""Aligned columns of plain text, readable when piped; sizes and numbers as people read them."""

from collections.abc import Sequence

_STEP = 1024
_LONG = 40


def columns(rows: Sequence[Sequence[str]], *, right: Sequence[int] = (), indent: str = "") -> list[str]:
    """Rows of equal length as aligned lines; columns numbered in `right` are aligned at their right."""
    if not rows:
        return []
    widths = [max(len(row[number]) for row in rows) for number in range(len(rows[0]))]
    return [
        indent
        + "  ".join(
            cell.rjust(width) if number in right else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def size(count: int) -> str:
    """Bytes as people read them: `1.1 MiB`."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < _STEP:
            return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= _STEP
    return f"{value:.1f} TiB"


def counted(count: int, what: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def number(value: float | str | None) -> str:
    """A number in at most six digits; "" for none."""
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:.6g}"


def clipped(text: str, width: int = _LONG) -> str:
    """The text in one line of at most this many characters."""
    plain = " ".join(text.split())
    return plain if len(plain) <= width else plain[: width - 1] + "…"


def minute(moment: str) -> str:
    """An RFC 3339 time to the minute, in UTC: `2026-11-23 19:50`."""
    return moment[:16].replace("T", " ")
