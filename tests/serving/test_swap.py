import pytest

from mlctl.domain.errors import Corrupt, NotFound


def serving(kit):
    return kit.slot.live.held.version


def test_a_moved_name_is_followed_and_told(kit):
    assert not kit.follower.look()
    kit.pointer.number = 2
    assert kit.follower.look()
    assert serving(kit) == 2
    [(event, facts)] = kit.events
    assert event == "swapped"
    assert (facts["version"], facts["previous"], facts["digest"]) == (2, 1, f"{2:064x}")
    assert not kit.follower.look()
    assert 'mlctl_model_info{model="demand",version="2"' in kit.metrics.text()


def test_a_version_that_does_not_verify_is_refused_and_the_old_one_stays(kit):
    kit.pointer.number = 2
    kit.pointer.damaged = {2}
    assert not kit.follower.look()
    assert serving(kit) == 1
    [(event, facts)] = kit.events
    assert event == "swap_refused"
    assert (facts["id"], facts["digest"], facts["serving"]) == ("corrupt", f"{2:064x}", 1)
    assert kit.metrics.swap_failures == 1
    assert not kit.follower.look()
    assert kit.metrics.swap_failures == 1, "it is not tried again at every look"


def test_a_refused_version_does_not_stand_in_the_way_of_the_next(kit):
    kit.pointer.number = 2
    kit.pointer.damaged = {2}
    kit.follower.look()
    kit.pointer.number = 3
    assert kit.follower.look()
    assert serving(kit) == 3


def test_a_refused_version_is_tried_again_later_as_its_files_may_be_restored(kit, monkeypatch):
    monkeypatch.setattr("mlctl.serving.swap.PATIENCE", 0.0)
    kit.pointer.number = 2
    kit.pointer.damaged = {2}
    assert not kit.follower.look()
    kit.pointer.damaged = set()
    assert kit.follower.look()
    assert serving(kit) == 2


def test_a_name_that_means_nothing_any_more_keeps_what_is_served(kit):
    kit.pointer.number = None
    assert not kit.follower.look()
    assert serving(kit) == 1


def test_a_pointer_that_fails_is_told_once_and_keeps_what_is_served(kit, monkeypatch):
    def broken():
        raise Corrupt("entry 3 is damaged")

    monkeypatch.setattr(kit.pointer, "peek", broken)
    assert not kit.follower.look()
    assert not kit.follower.look()
    assert serving(kit) == 1
    assert [event for event, _ in kit.events] == ["swap_refused"]


def test_the_first_load_raises_what_makes_it_impossible(make_kit):
    kit = make_kit()
    kit.pointer.number = None
    with pytest.raises(NotFound):
        kit.follower.load_first()
    assert kit.slot.live is None


def test_a_stopped_follower_looks_no_more(kit):
    kit.follower.start()
    kit.follower.stop()
    kit.pointer.number = 2
    assert serving(kit) == 1
    kit.follower.stop()
