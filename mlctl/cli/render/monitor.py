"""Windows as a table: how many rows, how good, what moved since when."""

from rich.console import Console
from rich.table import Table

from mlctl.cli.settings import current
from mlctl.domain.monitoring import WindowReport
from mlctl.domain.requests.monitor import MonitorResult

_SHOWN = 12


def render(data: MonitorResult, out: Console) -> None:
    """Print the windows, newest last."""
    version = f"{data.model}@{data.version}" if data.version is not None else data.model
    state = "ALARM" if data.alarm else "no alarm"
    out.print(f"{version} in {data.stage}: {state}", soft_wrap=True, highlight=False)
    if not data.windows:
        out.print("no predictions in any window yet")
        return
    shown = data.windows if current().verbose else data.windows[-_SHOWN:]
    if len(shown) < len(data.windows):
        out.print(f"{len(data.windows) - len(shown)} earlier windows are not shown (-v shows all).")
    metrics = list(dict.fromkeys(name for window in shown for name in window.performance))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("from", "rows", "labelled", *metrics):
        table.add_column(heading, justify="left" if heading == "from" else "right", no_wrap=True)
    table.add_column("what")
    for window in shown:
        values = [_value(window, name) for name in metrics]
        table.add_row(_day(window.start), str(window.rows), str(window.labelled), *values, _brief(window))
    out.print(table)
    _details(shown, out)
    limits = data.calibration.get("limits") or {}
    if limits:
        told = ", ".join(f"{name} {limit:.4g}" for name, limit in limits.items())
        out.print(f"alarms above {told}: {data.calibration.get('budget')}; {data.calibration.get('why')}")


def _details(windows: tuple[WindowReport, ...], out: Console) -> None:
    """The alarms and the furthest drifts of the newest window that has any."""
    for window in reversed(windows):
        if window.alarms:
            out.print(f"window from {_day(window.start)}:")
            for alarm in window.alarms:
                since = f" (since {_day(alarm.since)})" if alarm.since else ""
                out.print(f"  {alarm.type}: {alarm.why}{since}", soft_wrap=True, highlight=False)
            break
    drifted = next((window for window in reversed(windows) if window.drift), None)
    if drifted is None:
        return
    moved = [drift for drift in drifted.drift if drift.drifted]
    names = ", ".join(f"{drift.column} ({drift.method} {drift.value:.2g})" for drift in moved)
    out.print(
        f"drift from {_day(drifted.start)}: {names or 'nothing beyond what the reference shows itself'}"
    )


def _brief(window: WindowReport) -> str:
    parts = [f"{alarm.type} {alarm.column or ''}".strip() for alarm in window.alarms]
    told = ", ".join(dict.fromkeys(parts))
    return "; ".join(part for part in (f"ALARM {told}" if told else "", window.note) if part)


def _value(window: WindowReport, name: str) -> str:
    found = window.performance.get(name)
    return "-" if found is None or found.value is None else f"{found.value:.4g}"


def _day(moment: str | None) -> str:
    if moment is None:
        return "?"
    return moment[:10] if moment.endswith("T00:00:00Z") else moment[:16].replace("T", " ")
