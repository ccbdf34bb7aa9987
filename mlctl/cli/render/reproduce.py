"""A reproduction as text: what was compared, where it differs first, and why."""

from mlctl.cli.columns import clipped, columns
from mlctl.cli.render.status import Out
from mlctl.domain.requests.reproduce import ReproduceResult

_SHOWN = 5


def render(data: ReproduceResult, out: Out) -> None:
    """Show whether the same came of it."""
    lines = [f"{data.label}: {_verdict(data)}", *columns(_inputs(data), indent="  ")]
    if data.compared:
        rows = [
            (one.place, "equal" if one.equal else "differ", clipped(one.told.replace("\n", " ")))
            for one in data.compared
        ]
        lines += ["compared with the record", *columns(rows, indent="  ")]
    if data.equal is False:
        cause = data.cause or "not looked for: no fit was left"
        lines += [f"first place of divergence: {data.place}", f"class: {cause}"]
        lines += [f"  {data.proof}"] if data.proof else []
    if data.equal is not True:
        lines += [f"  not as it was: {one}" for one in (*data.departures, *data.packages)[:_SHOWN]]
    lines += [f"  {one}" for one in data.remarks]
    if len(data.attempts) > 1:
        lines.append("fits")
        lines += columns(
            [
                (
                    f"{one.number}",
                    _like(one.number, one.like, as_recorded=one.as_recorded),
                    one.held or "as it is",
                )
                for one in data.attempts
            ],
            indent="  ",
        )
    if data.recorded is not None:
        lines.append(f"on record{'' if data.changed else ' already'}: mlctl show {data.recorded[:12]}")
    out.file.write("\n".join(lines) + "\n")


def _verdict(data: ReproduceResult) -> str:
    if data.dry_run:
        return "would be fitted again"
    return "equal bit for bit" if data.equal else "did not reproduce"


def _inputs(data: ReproduceResult) -> list[tuple[str, str]]:
    return [
        ("run", data.run),
        ("data", ", ".join(data.data)),
        ("code", data.code),
        ("seed", str(data.seed)),
    ]


def _like(number: int, like: int, *, as_recorded: bool) -> str:
    if as_recorded:
        return "as recorded"
    return "another result" if like == number else f"as fit {like}"
