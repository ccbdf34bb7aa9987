"""Counters of a server in Prometheus' text format (version 0.0.4); written without a client library.

Updated only from the event loop's thread; read there too.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds in seconds."""

Labels = tuple[tuple[str, str], ...]


class Metrics:
    """What one server has done since it started."""

    def __init__(self) -> None:
        self.dropped: int = 0
        self.swaps: int = 0
        self.swap_failures: int = 0
        self._predictions: Counter[tuple[str, str, str]] = Counter()
        self._unseen: Counter[tuple[str, str]] = Counter()
        self._model: tuple[str, str, str] | None = None
        self._durations: list[int] = [0] * (len(BUCKETS) + 1)
        self._seconds = 0.0

    def served(self, model: str, version: int, digest: str) -> None:
        """Note which version answers now."""
        self._model = (model, str(version), digest)

    def predicted(self, model: str, version: int, status: str, rows: int) -> None:
        """Count rows: "ok" answered, "refused" the caller's fault, "failed" ours."""
        self._predictions[model, str(version), status] += rows

    def took(self, seconds: float) -> None:
        """Add one answered request to the histogram, from its first byte read to its answer logged."""
        self._durations[bisect_left(BUCKETS, seconds)] += 1
        self._seconds += seconds

    def unseen(self, model: str, counts: dict[str, int]) -> None:
        """Count values of categories that the model has not learnt."""
        for column, count in counts.items():
            self._unseen[model, column] += count

    def text(self) -> str:
        """The exposition."""
        lines: list[str] = []
        _family(
            lines,
            "mlctl_predictions_total",
            "counter",
            "Rows asked for, by outcome.",
            (
                ((("model", m), ("version", v), ("status", s)), n)
                for (m, v, s), n in sorted(self._predictions.items())
            ),
        )
        self._histogram(lines)
        _family(
            lines,
            "mlctl_unseen_categories_total",
            "counter",
            "Values that the model has not learnt.",
            (((("model", m), ("column", c)), n) for (m, c), n in sorted(self._unseen.items())),
        )
        _family(
            lines,
            "mlctl_prediction_log_dropped_total",
            "counter",
            "Answers that the log did not take.",
            [((), self.dropped)],
        )
        _family(
            lines,
            "mlctl_swaps_total",
            "counter",
            "Models put in service after the first.",
            [((), self.swaps)],
        )
        _family(
            lines,
            "mlctl_swap_failures_total",
            "counter",
            "Models that were refused; the old one kept serving.",
            [((), self.swap_failures)],
        )
        if self._model is not None:
            model, version, digest = self._model
            labels = (("model", model), ("version", version), ("digest", digest))
            _family(lines, "mlctl_model_info", "gauge", "The version that answers now.", [(labels, 1)])
        return "\n".join(lines) + "\n"

    def _histogram(self, lines: list[str]) -> None:
        name = "mlctl_prediction_duration_seconds"
        lines += [f"# HELP {name} From the request read to the answer logged.", f"# TYPE {name} histogram"]
        below = 0
        for bound, count in zip((*BUCKETS, float("inf")), self._durations, strict=True):
            below += count
            limit = "+Inf" if bound == float("inf") else repr(bound)
            lines.append(f'{name}_bucket{{le="{limit}"}} {below}')
        lines += [f"{name}_sum {self._seconds!r}", f"{name}_count {below}"]


def _family(
    lines: list[str], name: str, kind: str, about: str, samples: Iterable[tuple[Labels, int]]
) -> None:
    lines += [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]
    for labels, value in samples:
        inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels)
        lines.append(f"{name}{{{inside}}} {value}" if inside else f"{name} {value}")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
