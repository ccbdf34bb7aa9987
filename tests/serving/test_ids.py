from mlctl.domain.ids import is_ulid, ulid
from mlctl.serving.ids import ulids


def test_ids_have_the_form_and_the_order_of_a_ulid():
    found = ulids(1_767_225_600_123, 50)
    assert all(is_ulid(one) for one in found)
    assert len(set(found)) == 50
    assert {one[:10] for one in found} == {ulid(1_767_225_600_123, bytes(10))[:10]}


def test_a_later_moment_sorts_after():
    early = ulids(1_767_225_600_123, 5)
    late = ulids(1_767_225_600_124, 5)
    assert max(early) < min(late)


def test_the_entropy_is_written_as_the_slow_way_writes_it(monkeypatch):
    entropy = bytes(range(100, 110))
    monkeypatch.setattr("mlctl.serving.ids.os.urandom", lambda count: entropy * (count // 10))
    assert ulids(1_767_225_600_123, 2) == (ulid(1_767_225_600_123, entropy),) * 2


def test_no_ids_are_none():
    assert ulids(1, 0) == ()
