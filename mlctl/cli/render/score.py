"""The score as text: a line an item, and with -v what each was computed from."""

from rich.console import Console

from mlctl.cli.columns import columns
from mlctl.cli.settings import current
from mlctl.domain.requests.score import ScoredItem, ScoreResult
from mlctl.domain.score import SECTIONS

_MARKS = {0.0: "-", 0.5: "0.5", 1.0: "1"}


def render(data: ScoreResult, out: Console) -> None:
    """Print the score, its sections and items."""
    out.print(f"{_of(data)}: {data.score:g} of 7, {data.reading}", style="bold", soft_wrap=True)
    for section in SECTIONS:
        own = [item for item in data.items if item.section == section]
        out.print("")
        out.print(f"{section} {data.sections[section]:g} of {len(own)}", style="bold")
        if current().verbose:
            for item in own:
                _full(item, out)
            continue
        rows = [(_MARKS[item.points], item.item, f"{item.title}: {item.why}") for item in own]
        for line in columns(rows, indent="  "):
            out.print(line, soft_wrap=True, markup=False, highlight=False)
    out.print("")
    for band in data.bands:
        out.print(f"  {band}", soft_wrap=True)
    out.print(f"{data.open} of {len(data.items)} items are open. {data.source}", soft_wrap=True)


def _of(data: ScoreResult) -> str:
    if data.model is None:
        return "no model"
    version = "" if data.version is None else f"@{data.version}"
    held = f" in {data.stage}" if data.stage else ""
    return f"{data.model}{version}{held}"


def _full(item: ScoredItem, out: Console) -> None:
    lines = [f"  {item.item}  {_MARKS[item.points]}  {item.title}", f"    {item.how}: {item.why}"]
    lines += [
        f"    {proof.kind} {proof.id[:12]}: {proof.told}" for proof in item.proofs if proof.kind != "answer"
    ]
    lines += [f"    {proof.id}: {proof.told}" for proof in item.proofs if proof.kind == "answer"]
    lines += [f"    try: {item.next}"] if item.next else []
    for line in lines:
        out.print(line, soft_wrap=True, markup=False, highlight=False)
