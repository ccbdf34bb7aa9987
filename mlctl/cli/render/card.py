"""A model card as text: its sections, a line a thing."""

from rich.console import Console

from mlctl.cli.columns import columns
from mlctl.domain.requests.card import CardResult
from mlctl.reporting.card import ABSENT


def render(data: CardResult, out: Console) -> None:
    """Print the card, or its Markdown."""
    if data.markdown is not None:
        out.print(data.markdown, end="", soft_wrap=True, markup=False, highlight=False)
        return
    if data.written is not None:
        out.print(f"written: {data.written}", soft_wrap=True)
        return
    out.print(f"{data.model}@{data.version}  {data.digest}", style="bold", soft_wrap=True)
    for section in data.sections:
        out.print("")
        out.print(section.title, style="bold")
        rows = [(line.name, ABSENT if line.text is None else line.text) for line in section.lines]
        lines = columns(rows, indent="  ")
        for table in section.tables:
            lines += ["", f"  {table.title}", *columns([table.head, *table.rows], indent="    ")]
        for line in lines:
            out.print(line, soft_wrap=True, markup=False, highlight=False)
