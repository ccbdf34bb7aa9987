"""Trying again: over a real folder whose answers get lost now and then."""

import random

import pytest

from mlctl.builtin.remotes.folder import FolderRemote
from mlctl.domain.errors import Missing, Unreachable
from mlctl.sharing.retry import RetryingStore


class Flaky:
    """A folder behind a bad line: each call fails before or after it was carried out, as a plan says."""

    def __init__(self, inner, plan):
        self.inner, self.plan = inner, iter(plan)
        self.url, self.writable, self.parallel = inner.url, True, 4
        self.asked = []

    def __getattr__(self, name):
        act = getattr(self.inner, name)

        def call(*args, **named):
            self.asked.append(name)
            what = next(self.plan, "")
            if what == "before":
                raise Unreachable("no answer")
            done = act(*args, **named)
            if what == "after":
                raise Unreachable("the answer was lost", in_doubt=name == "create")
            return done

        return call


@pytest.fixture
def store(tmp_path):
    def make(*plan, tries=5):
        inner = Flaky(FolderRemote().open(str(tmp_path / "store"), {}), plan)
        waits = []
        made = RetryingStore(inner, tries=tries, pause=waits.append, rng=random.Random(1))  # noqa: S311 - no secret
        made.waits = waits
        return made

    return make


def test_what_passes_is_tried_again_with_growing_pauses(store):
    one = store("before", "before", "after")
    one.put("a/b", b"x")
    assert one.read("a/b") == b"x"
    assert len(one.waits) == 3
    assert 0 < one.waits[0] < one.waits[1] < one.waits[2]


def test_it_gives_up_in_the_end(store):
    one = store(*["before"] * 5)
    with pytest.raises(Unreachable):
        one.put("a", b"x")
    assert one.inner.asked == ["put"] * 5


def test_what_is_missing_is_not_asked_for_twice(store):
    one = store()
    with pytest.raises(Missing):
        one.read("a")
    assert one.inner.asked == ["read"]


def test_a_create_whose_answer_was_lost_is_won_by_reading(store):
    one = store("after")
    assert one.create("k", b"mine") is True
    assert one.inner.asked == ["create", "read"]


def test_a_create_whose_answer_was_lost_is_lost_where_another_was_first(store, tmp_path):
    FolderRemote().open(str(tmp_path / "store"), {}).create("k", b"theirs")
    one = store("after")
    assert one.create("k", b"mine") is False
    assert one.read("k") == b"theirs"


def test_a_create_in_doubt_that_never_arrived_is_tried_again(store):
    one = store()
    first = one.inner.inner.create

    def lost(key, data):
        del key, data
        one.inner.inner.create = first
        raise Unreachable("time-out", in_doubt=True)

    one.inner.inner.create = lost
    assert one.create("k", b"mine") is True
    assert one.read("k") == b"mine"


def test_a_create_that_arrives_late_is_still_won(store):
    """The first try times out; the key is absent when it is read; then the first try arrives."""
    one = store()
    inner = one.inner.inner
    create, read = inner.create, inner.read

    def slow(key, data):
        del key, data
        inner.create = late
        raise Unreachable("time-out", in_doubt=True)

    def late(key, data):
        assert create(key, data)  # the first try
        return create(key, data)  # the second one

    inner.create = slow
    assert one.create("k", b"mine") is True
    assert read("k") == b"mine"


def test_doubt_that_cannot_be_settled_is_told(store):
    one = store("after", *["before"] * 9)
    with pytest.raises(Unreachable) as caught:
        one.create("k", b"mine")
    assert caught.value.facts["in_doubt"] is True


def test_a_create_that_never_went_out_leaves_no_doubt(store):
    one = store(*["before"] * 5)
    with pytest.raises(Unreachable) as caught:
        one.create("k", b"mine")
    assert caught.value.facts["in_doubt"] is False


def test_a_fetch_goes_on_from_what_has_arrived(store, tmp_path):
    one = store()
    data = bytes(range(256)) * 1000
    one.put("big", data)
    inner = one.inner.inner
    whole, starts = inner.fetch, []

    def cut(key, target, told, *, start=0):
        starts.append(start)
        if len(starts) == 4:
            whole(key, target, told, start=start)
            return
        with target.open("ab") as file:
            file.write(data[start : start + 50_000])
        raise Unreachable("the line broke")

    inner.fetch = cut
    one.fetch("big", tmp_path / "here", lambda _more: None)
    assert (tmp_path / "here").read_bytes() == data
    assert starts == [0, 50_000, 100_000, 150_000]


def test_a_stream_goes_on_behind_what_was_handed_over(store):
    one = store()
    data = bytes(range(256)) * 1000
    one.put("big", data)
    inner = one.inner.inner
    whole, starts, pieces = inner.stream, [], []

    def cut(key, sink, *, start=0):
        starts.append(start)
        if len(starts) == 4:
            whole(key, sink, start=start)
            return
        sink(data[start : start + 50_000])
        raise Unreachable("the line broke")

    inner.stream = cut
    one.stream("big", pieces.append)
    assert b"".join(pieces) == data
    assert starts == [0, 50_000, 100_000, 150_000]


def test_a_listing_that_breaks_off_goes_on_behind_the_last_key(store):
    one = store()
    for number in range(10):
        one.put(f"k/{number}", b"x")
    inner = one.inner.inner
    whole, calls = inner.list, []

    def cut(prefix):
        calls.append(prefix)
        for count, item in enumerate(whole(prefix)):
            if len(calls) < 3 and count == 4:
                raise Unreachable("the line broke")
            yield item

    inner.list = cut
    assert [item.key for item in one.list("k/")] == [f"k/{number}" for number in range(10)]
    assert len(calls) == 3


def test_bytes_sent_twice_are_told_once(store, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(b"x" * 1000)
    told = []
    store("after", "after").put_file("k", source, told.append)
    assert sum(told) == 1000


def test_that_nobody_answers_is_told_once_while_it_is_asked_again(tmp_path):
    def told_of(lost):
        inner = Flaky(FolderRemote().open(str(tmp_path / "store"), {}), ["before"] * lost)
        told = []
        store = RetryingStore(inner, pause=lambda _: None, waits=lambda: told.append("waits"))
        store.put("a", b"x")
        return told

    assert told_of(2) == []
    assert told_of(8) == ["waits"]
