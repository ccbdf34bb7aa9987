"""The prediction log: nothing acknowledged is lost, nothing is counted twice, damage is named."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pyarrow as pa
import pytest

from mlctl.domain.errors import Corrupt, DiskFull, UsageError
from mlctl.domain.prediction import ID, OUTPUT, PROBABILITIES, TIME, Answered, PredictionBatch
from mlctl.store import journal as journal_module
from mlctl.store.answer_tables import answer_table, merged
from mlctl.store.repository import Repository
from mlctl.store.segment import line_of, read_segment
from tests.store.full import ANY, answered, new_id


def live(repository):
    return sorted((repository.layout.live_predictions / "demand").iterdir())


def fill(repository, counts, mode="durable", **options):
    journal = repository.predictions.journal("demand", mode, **options)
    for count in counts:
        journal.append(answered(ANY, count, rows=2))
    journal.close()


@pytest.mark.parametrize("mode", ["durable", "sync", "async"])
def test_answers_are_read_back_from_open_and_from_sealed_segments(repository, mode):
    fill(repository, range(5), mode)
    fill(repository, range(5, 8), mode)
    before = repository.predictions.table("demand")
    assert len(repository.predictions.seal("demand")) == 2
    assert live(repository) == []
    after = repository.predictions.table("demand")
    assert before.num_rows == after.num_rows == 16
    assert before.to_pylist() == after.to_pylist()
    # segments of one millisecond have no order
    assert sorted(after["hr"].to_pylist()) == [count for count in range(8) for _ in range(2)]
    assert set(after.column_names) > {ID, TIME, OUTPUT, PROBABILITIES, "hr", "weather"}


def test_a_log_that_is_off_keeps_nothing_and_an_unknown_mode_is_refused(repository):
    fill(repository, range(3), "off")
    assert repository.predictions.table("demand").num_rows == 0
    with pytest.raises(UsageError, match="durable"):
        repository.predictions.journal("demand", "sometimes")


def test_a_segment_with_a_living_writer_is_read_and_not_sealed(repository):
    journal = repository.predictions.journal("demand", "durable")
    journal.append(answered(ANY, 1))
    assert repository.predictions.seal("demand") == []
    assert repository.predictions.table("demand").num_rows == 1
    journal.close()
    assert len(repository.predictions.seal("demand")) == 1


def test_a_full_segment_is_let_go_and_sealed_while_its_writer_goes_on(repository):
    journal = repository.predictions.journal("demand", "durable", limit=500)
    for count in range(10):
        journal.append(answered(ANY, count))
    assert len(live(repository)) > 3
    sealed = repository.predictions.seal("demand")
    assert len(sealed) == len(set(sealed)) > 2
    assert len(live(repository)) == 1
    journal.append(answered(ANY, 10))
    assert repository.predictions.table("demand")["hr"].to_pylist() == list(range(11))
    journal.close()


def test_a_segment_that_a_batch_names_is_not_read_again(repository):
    fill(repository, range(3))
    (path,) = live(repository)
    data = path.read_bytes()
    repository.predictions.seal("demand")
    path.write_bytes(data)  # as after a crash between the fact and the removal
    assert repository.predictions.table("demand").num_rows == 6
    assert repository.predictions.seal("demand") == []
    assert live(repository) == []


def test_an_id_that_is_in_two_segments_is_counted_once(repository):
    fill(repository, range(3))
    fill(repository, range(2, 5))
    assert repository.predictions.table("demand")["hr"].to_pylist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_an_answer_is_found_by_its_id_wherever_it_is(repository, monkeypatch):
    for first in (0, 10, 20):
        fill(repository, range(first, first + 5))
        repository.predictions.seal("demand")
    fill(repository, range(30, 35))
    read = []
    real = repository.objects.read
    monkeypatch.setattr(repository.objects, "read", lambda digest: (read.append(digest), real(digest))[1])
    model, row = repository.predictions.find(new_id(1000 * 12 + 1))
    assert (model, row["hr"], row[OUTPUT]) == ("demand", 12, 12.0)
    assert len(read) == 1  # only the batch whose range of ids holds it
    assert repository.predictions.find(new_id(1000 * 33))[1]["hr"] == 33
    assert repository.predictions.find(new_id(1000 * 7)) is None


def test_only_answers_since_a_time_are_given(repository):
    fill(repository, range(5))
    repository.predictions.seal("demand")
    fill(repository, range(5, 8))
    found = repository.predictions.table("demand", since="2026-11-01T00:00:04.000Z")
    assert found["hr"].to_pylist() == [4, 4, 5, 5, 6, 6, 7, 7]


def test_threads_that_append_at_once_do_not_mix(repository):
    journal = repository.predictions.journal("demand", "durable", limit=20_000)
    threads = [
        threading.Thread(
            target=lambda base=base: [journal.append(answered(ANY, base + count)) for count in range(200)]
        )
        for base in range(0, 1600, 200)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    assert sorted(repository.predictions.table("demand")["hr"].to_pylist()) == list(range(1600))


def test_a_journal_may_be_closed_twice_and_takes_nothing_afterwards(repository):
    for mode in ("durable", "sync", "async"):
        journal = repository.predictions.journal("demand", mode)
        journal.close()
        journal.close()
        with pytest.raises(ValueError, match="closed"):
            journal.append(answered(ANY, 1))


def test_a_failed_append_leaves_nothing_that_a_reader_sees(repository, monkeypatch):
    journal = repository.predictions.journal("demand", "durable")
    journal.append(answered(ANY, 1))
    real = os.write

    def short(descriptor, data):
        if len(data) > 20:
            return real(descriptor, data[:20])
        raise OSError(28, "No space left on device")

    calls = iter([short])

    def write(descriptor, data):
        try:
            return next(calls)(descriptor, data)
        except StopIteration:
            raise OSError(28, "No space left on device") from None

    monkeypatch.setattr(journal_module.os, "write", write)
    with pytest.raises(DiskFull):
        journal.append(answered(ANY, 2))
    monkeypatch.undo()
    journal.append(answered(ANY, 3))
    journal.close()
    assert repository.predictions.table("demand")["hr"].to_pylist() == [1, 3]
    assert read_segment(live(repository)[0].read_bytes()).damages == ()


def test_what_a_full_queue_drops_is_counted_in_rows(repository, monkeypatch):
    monkeypatch.setattr(journal_module, "QUEUE_REQUESTS", 0)
    journal = repository.predictions.journal("demand", "async")
    journal.append(answered(ANY, 1, rows=3))
    journal.append(answered(ANY, 2, rows=2))
    journal.close()
    assert journal.dropped == 5
    assert repository.predictions.table("demand").num_rows == 0


def test_what_a_queue_cannot_write_is_counted_in_rows(repository, monkeypatch):
    journal = repository.predictions.journal("demand", "async")

    def full(_descriptor, _data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal_module.os, "write", full)
    journal.append(answered(ANY, 1, rows=3))
    journal.close()
    assert journal.dropped == 3


def test_the_durable_mode_flushes_in_the_background(repository, monkeypatch):
    flushed = threading.Event()
    real = os.fsync
    monkeypatch.setattr(journal_module.os, "fsync", lambda descriptor: (real(descriptor), flushed.set()))
    journal = repository.predictions.journal("demand", "durable")
    flushed.clear()
    journal.append(answered(ANY, 1))
    assert flushed.wait(30)
    journal.close()


def test_everything_acknowledged_survives_a_kill(repository):
    script = (
        "import sys; from pathlib import Path; from mlctl.store.repository import Repository\n"
        "from tests.store.full import ANY, answered\n"
        "journal = Repository.find(Path(sys.argv[1])).predictions.journal('demand', 'durable', limit=4000)\n"
        "for count in range(100000):\n"
        "    one = answered(ANY, count); journal.append(one); print(one.ids[0], flush=True)\n"
    )
    server = subprocess.Popen(
        [sys.executable, "-c", script, str(repository.root)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    seen = [server.stdout.readline().strip() for _ in range(150)]
    os.kill(server.pid, signal.SIGKILL)
    seen += [line for line in server.communicate(timeout=60)[0].splitlines() if len(line) == 26]
    fresh = Repository.find(repository.root)
    assert set(seen) <= set(fresh.predictions.table("demand")[ID].to_pylist())
    fresh.predictions.seal("demand")
    assert set(seen) <= set(fresh.predictions.table("demand")[ID].to_pylist())
    assert live(fresh) == []


def test_two_processes_that_seal_at_once_make_each_batch_once(repository):
    for _ in range(6):
        fill(repository, range(3))
    script = (
        "import sys; from pathlib import Path; from mlctl.store.repository import Repository\n"
        "predictions = Repository.find(Path(sys.argv[1])).predictions; predictions.table('demand')\n"
        "sys.stdin.readline(); predictions.seal('demand')\n"
    )
    sealers = [
        subprocess.Popen([sys.executable, "-c", script, str(repository.root)], stdin=subprocess.PIPE)
        for _ in range(3)
    ]
    for sealer in sealers:
        sealer.stdin.write(b"go\n")
        sealer.stdin.flush()
    for sealer in sealers:
        sealer.communicate(timeout=60)
    assert [sealer.returncode for sealer in sealers] == [0] * 3
    batches = repository.facts.all(PredictionBatch)
    assert len(batches) == len({batch.segment for _digest, batch in batches}) == 6
    assert live(repository) == []


def test_damage_inside_a_segment_is_told_with_its_line_and_the_segment_stays(repository):
    fill(repository, range(3))
    (path,) = live(repository)
    lines = path.read_bytes().split(b"\n")
    lines[1] = lines[1].replace(b"clear", b"cleer")
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(Corrupt, match="line 2"):
        repository.predictions.table("demand")
    with pytest.raises(Corrupt, match="line 2"):
        repository.predictions.seal("demand")
    assert live(repository) == [path]


@pytest.mark.parametrize("position", range(0, 400, 7))
def test_a_flipped_byte_anywhere_in_a_segment_is_damage(position):
    data = b"".join(line_of(answered(ANY, count)) for count in range(2))
    flipped = bytearray(data)
    flipped[min(position, len(data) - 1)] ^= 0x04
    assert read_segment(bytes(flipped)).damages


def test_a_line_that_was_cut_at_any_byte_is_torn_and_not_damage():
    whole = line_of(answered(ANY, 1))
    last = line_of(answered(ANY, 2))
    for cut in range(len(last)):
        content = read_segment(whole + last[:cut])
        assert (len(content.answers), content.damages, content.torn) == (1, (), cut), cut


def one(columns, outputs=(1.0,), **more):
    count = len(outputs)
    ids = tuple(new_id(hash((json.dumps(columns), row)) % 10**9) for row in range(count))
    return Answered(
        time="t", model="m", stage=None, digest=ANY, ids=ids, columns=columns, outputs=outputs, **more
    )


def test_columns_that_requests_lack_or_that_change_their_type_still_make_a_table():
    table = answer_table([one({"a": [1]}), one({"a": [1.5], "b": ["x"]}), one({"b": [None]})])
    assert table["a"].to_pylist() == [1.0, 1.5, None]
    assert table["b"].to_pylist() == [None, "x", None]
    mixed = answer_table([one({"a": [1]}), one({"a": ["x"]})])
    assert mixed["a"].to_pylist() == ["1", "x"]


def test_segments_of_different_types_are_merged():
    parts = [
        answer_table([one({"a": [1]})]),
        answer_table([one({"a": [None]})]),
        answer_table([one({"a": [2.5]})]),
    ]
    assert merged(parts)["a"].to_pylist() == [1.0, None, 2.5]
    texts = merged([*parts, answer_table([one({"a": ["x"]}, ("yes",), probabilities=((0.25, 0.75),))])])
    assert texts["a"].to_pylist() == ["1", None, "2.5", "x"]
    assert texts[OUTPUT].to_pylist() == ["1.0", "1.0", "1.0", "yes"]
    assert texts[PROBABILITIES].to_pylist() == [None, None, None, [0.25, 0.75]]
    assert texts.schema.field(ID).type == pa.string()
