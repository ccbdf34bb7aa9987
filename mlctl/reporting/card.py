"""A model card as Markdown; the same card gives the same text."""

from collections.abc import Iterable, Iterator

from mlctl.domain.requests.card import CardResult, CardSection, CardTable

ABSENT = "not on record"
"""What stands where nothing is known."""


def card_markdown(data: CardResult) -> str:
    """The card as GitHub's Markdown."""
    lines = [f"# {data.model}@{data.version}", ""]
    for section in data.sections:
        lines += [f"## {section.title}", "", *_lines(section)]
        for table in section.tables:
            lines += _table(table)
    return "\n".join(lines).rstrip("\n") + "\n"


def _lines(section: CardSection) -> Iterator[str]:
    for line in section.lines:
        text = f"*{ABSENT}*" if line.text is None else f"{_plain(line.text)} <sub>{_plain(line.source)}</sub>"
        yield f"- **{line.name}**: {text}"
    if section.lines:
        yield ""


def _table(table: CardTable) -> Iterator[str]:
    yield f"### {table.title}"
    yield ""
    yield _row(table.head)
    yield _row("---" for _ in table.head)
    yield from (_row(_plain(cell) for cell in row) for row in table.rows)
    yield ""
    yield f"<sub>{_plain(table.source)}</sub>"
    yield ""


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _plain(text: str) -> str:
    """Text that stays one line of text: no mark-up by a column's name or by what somebody wrote."""
    flat = " ".join(text.split())
    for sign in ("\\", "*", "_", "<", "[", "`"):
        flat = flat.replace(sign, f"\\{sign}")
    return flat
