"""The prediction log: live segments, and what was sealed from them into Parquet objects and facts.

Every answer is in exactly one place for a reader: a segment that a `PredictionBatch` names is never read
again.
"""

import mmap
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlctl.contracts.journal import Journal
from mlctl.domain.ids import Digest, Ulid, ulid
from mlctl.domain.prediction import Answered, PredictionBatch
from mlctl.store.facts import Facts
from mlctl.store.files import Files, explained, flush_file
from mlctl.store.index import Index
from mlctl.store.journal import SEGMENT_BYTES, open_journal
from mlctl.store.layout import Layout
from mlctl.store.objects import Objects
from mlctl.store.rooms import room
from mlctl.store.segment import answers_of, segments, taken

if TYPE_CHECKING:
    import pyarrow as pa


class PredictionLog:
    """What the models of a repository answered."""

    def __init__(self, layout: Layout, files: Files, objects: Objects, facts: Facts, index: Index) -> None:
        self._layout = layout
        self._files = files
        self._objects = objects
        self._facts = facts
        self._index = index

    def journal(self, model: str, mode: str, *, limit: int = SEGMENT_BYTES) -> Journal:
        """A journal for one writer.

        Args:
            model: whose log.
            mode: "durable", "sync", "async" or "off".
            limit: bytes after which a segment is let go.
        """
        return open_journal(self._folder(model), mode, _SegmentIds(), limit=limit)

    def models(self) -> list[str]:
        """Models with anything in their log."""
        live = {path.name for path in _folders(self._layout.live_predictions) if segments(path)}
        return sorted(live | {batch.model for _digest, batch in self._facts.all(PredictionBatch)})

    def table(self, model: str, *, since: str | None = None) -> "pa.Table":
        """All answers of a model, oldest segment first, no id twice.

        Args:
            model: whose log.
            since: leave out answers before this time (RFC 3339 UTC, as stored).

        Raises:
            Corrupt, Missing: a segment or a sealed table is damaged.
        """
        tables = room("answer_tables")
        # open segments are read before the list of batches: one sealed meanwhile is seen twice, not never
        live = [
            (path.stem, data) for path in segments(self._folder(model)) if (data := _bytes(path)) is not None
        ]
        batches = self._facts.where(PredictionBatch, model=model)
        sealed = {batch.segment for _digest, batch in batches}
        parts = [
            (batch.segment, tables.table_from(self._objects.read(batch.table)))
            for batch in {batch.segment: batch for _digest, batch in batches}.values()
            if since is None or batch.last_time >= since
        ]
        for segment, data in live:
            if segment not in sealed:
                path = self._folder(model) / f"{segment}.log"
                parts.append((segment, tables.answer_table(answers_of(path, data))))
        parts.sort(key=lambda part: part[0])
        return tables.since_time(tables.merged([table for _segment, table in parts]), since)

    def find(self, prediction_id: str) -> tuple[str, dict[str, Any]] | None:
        """The model that gave an answer, and the answer's row; None where no log has it.

        Reads only the segments and batches whose range of ids holds this one.
        """
        for folder in _folders(self._layout.live_predictions):
            for path in segments(folder):
                if _mentions(path, prediction_id):
                    row = self._row(answers_of(path, path.read_bytes()), prediction_id)
                    if row is not None:
                        return folder.name, row
        tables = room("answer_tables")
        for digest in self._index.spanning(None, prediction_id):
            batch = self._facts.get(PredictionBatch, digest)
            row = tables.row_of(tables.table_from(self._objects.read(batch.table)), prediction_id)
            if row is not None:
                return batch.model, row
        return None

    def seal(self, model: str) -> list[Digest]:
        """Turn the segments whose writer is gone (or that were let go) into Parquet objects and facts.

        Safe against a crash at any point and against another process that seals: object, then fact, both on
            the
        disk, then the segment is removed; a segment that a fact names is only removed.

        Returns:
            Digests of the new `PredictionBatch` facts.

        Raises:
            Corrupt: a segment is damaged; it stays as it is.
        """
        done = []
        for path in segments(self._folder(model)):
            with taken(path) as free:
                if not free:
                    continue
                if not self._facts.where(PredictionBatch, segment=path.stem):
                    answers = answers_of(path, path.read_bytes())
                    if any(answered.ids for answered in answers):
                        done.append(self._kept(model, path.stem, answers))
                with explained(path):
                    path.unlink(missing_ok=True)
                    flush_file(path.parent)
        return done

    def _kept(self, model: str, segment: str, answers: tuple[Answered, ...]) -> Digest:
        tables = room("answer_tables")
        table = tables.answer_table(answers)
        ids = [prediction_id for answered in answers for prediction_id in answered.ids]
        times = [answered.time for answered in answers]
        batch = PredictionBatch(
            created_at=max(
                times
            ),  # of the answers, so that sealing the same segment again makes the same fact
            model=model,
            segment=segment,
            table=self._objects.put(tables.table_bytes(table)),
            rows=table.num_rows,
            first_id=min(ids),
            last_id=max(ids),
            first_time=min(times),
            last_time=max(times),
        )
        self._files.flush()  # the table is on the disk before the fact that names it
        digest = self._facts.add(batch)
        self._files.flush()
        return digest

    def _row(self, answers: tuple[Answered, ...], prediction_id: str) -> dict[str, Any] | None:
        own = [answered for answered in answers if prediction_id in answered.ids]
        if not own:
            return None
        tables = room("answer_tables")
        found: dict[str, Any] | None = tables.row_of(tables.answer_table(own), prediction_id)
        return found

    def _folder(self, model: str) -> Path:
        return self._layout.live_predictions / model


class _SegmentIds:
    """ULIDs that grow even within a millisecond: one writer's segments sort in the order of writing."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self) -> Ulid:
        self._last = max(self._last + 1, time.time_ns() // 1_000_000)
        return ulid(self._last, os.urandom(10))


def _folders(parent: Path) -> list[Path]:
    return sorted(path for path in parent.iterdir() if path.is_dir()) if parent.exists() else []


def _bytes(path: Path) -> bytes | None:
    with suppress(FileNotFoundError):  # sealed since it was listed
        return path.read_bytes()
    return None


def _mentions(path: Path, prediction_id: str) -> bool:
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            return view.find(prediction_id.encode()) >= 0
    except (FileNotFoundError, ValueError):  # sealed since it was listed; an empty file cannot be mapped
        return False
