import itertools

import numpy as np
import pytest

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import AlarmRaised
from mlctl.domain.model import ModelVersion
from mlctl.domain.requests.approve import ApproveRequest
from mlctl.domain.requests.freeze import FreezeRequest
from mlctl.domain.requests.fsck import FsckRequest
from mlctl.domain.requests.log import LogRequest
from mlctl.domain.requests.loop import LoopRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.domain.requests.unfreeze import UnfreezeRequest
from mlctl.tabular.parquet import table_from
from mlctl.verbs.approve import approve
from mlctl.verbs.freeze import freeze
from mlctl.verbs.fsck import fsck
from mlctl.verbs.log import log
from mlctl.verbs.loop import loop
from mlctl.verbs.promote import promote
from mlctl.verbs.train import train
from mlctl.verbs.undo import undo
from mlctl.verbs.unfreeze import unfreeze
from tests.verbs.bikes import Company, days_of, hours
from tests.verbs.signers import session_of

LIGHT = {"params": "params = { max_iter = 60 }"}
PROMOTE = 'then = "promote"'
RECALIBRATE = 'recalibrate = { every = "7d", window = "14d" }'
ALL = 'window = "all"'


@pytest.fixture(scope="module")
def year():
    return days_of(row for row in hours() if row["dteday"] >= "2012-01-01")


def weeks_of(days, start, stop):
    return [days[7 * week : 7 * week + 7] for week in range(start, stop)]


def acted(turn):
    return [(action.action, action.result.split(":")[0]) for action in turn.actions]


@pytest.fixture(scope="module")
def renewed(tmp_path_factory, year):
    """Two weeks into 2012: the first alarm, and what the loop made of it."""
    made = Company(tmp_path_factory.mktemp("loop") / "bikes", **LIGHT)
    made.start()
    turns = []
    for week in weeks_of(year, 0, 2):
        made.week(week)
        turns.append(made.turn())
    return made, turns


def test_a_quiet_first_week_does_nothing(renewed):
    _, turns = renewed
    assert not turns[0].alarm
    assert acted(turns[0]) == [("none", "nothing")]


def test_the_first_alarm_renews_the_model_through_its_gates_and_ends_the_alarm(renewed):
    made, turns = renewed
    assert acted(turns[1]) == [("freeze", "done"), ("train", "done"), ("eval", "done"), ("promote", "done")]
    assert (turns[1].before.version, turns[1].after.version) == (1, 2)
    assert not turns[1].alarm
    assert made.deployed()[0] == turns[1].after.digest
    assert not made.look().alarm


def test_every_step_is_a_decision_made_by_the_loop(renewed):
    made, _ = renewed
    entries = [committed.entry for committed in made.session().repository.decisions.entries()]
    kinds = [entry.kind for entry in entries if entry.actor.via == "loop"]
    assert kinds == ["freeze", "train", "promote"]


def test_the_frozen_version_holds_what_was_learnt_from_and_the_labelled_answers_once(renewed):
    made, _ = renewed
    repository = made.session().repository
    digest = repository.decisions.names().value("datasets/demand-served/1")
    version = repository.facts.get(DatasetVersion, digest)
    table = table_from(repository.objects.read(version.sha256))
    first_year = 8645
    assert version.path is None
    assert version.origin["through"] == "2012-01-13T23:00:00Z"
    assert table.num_rows == version.rows == first_year + version.origin["served"]
    keys = table.column("instant").to_pylist()
    assert len(set(keys)) == len(keys)
    assert max(keys) == 8645 + 310
    assert table.column("cnt").null_count == 0
    assert made.deployed()[1].datasets[-1] == digest


def test_the_renewed_model_learnt_through_the_newest_label_and_from_the_newest_half_year_only(renewed):
    made, _ = renewed
    deployed = made.deployed()[1]
    assert deployed.learnt_through.startswith("2012-01-13T23")
    assert deployed.learnt_from[:7] in {"2011-06", "2011-07"}
    assert deployed.reference is not None


def test_the_turn_after_does_nothing_again(renewed):
    made, _ = renewed
    again = made.turn()
    assert acted(again) == [("none", "nothing")]
    assert not again.changed


def test_undo_brings_back_the_model_of_before(renewed):
    made, turns = renewed
    undo(made.session(), UndoRequest())
    assert made.deployed()[0] == turns[1].before.digest
    promote(made.session(), PromoteRequest(model="demand@2"))
    assert made.deployed()[0] == turns[1].after.digest


def test_a_dry_run_says_what_it_would_do_and_decides_nothing(tmp_path, year):
    made = Company(tmp_path / "bikes", **LIGHT)
    made.start()
    for week in weeks_of(year, 0, 2):
        made.week(week)
    head = made.session().repository.decisions.names().head
    planned = made.turn(dry_run=True)
    assert acted(planned) == [("train", "would")]
    assert planned.alarm
    assert made.session().repository.decisions.names().head == head


def test_without_a_retrain_part_the_loop_only_looks_and_the_alarm_stands(tmp_path, year):
    made = Company(tmp_path / "bikes", **LIGHT)
    text = (made.root / "mlctl.toml").read_text().split("[model.demand.retrain]")[0]
    (made.root / "mlctl.toml").write_text(text)
    made.start()
    for week in weeks_of(year, 0, 2):
        made.week(week)
    with pytest.raises(AlarmRaised) as raised:
        loop(made.session(), LoopRequest())
    assert raised.value.exit_code == 41
    assert acted(raised.value.data) == [("none", "nothing")]
    assert "no [model.demand.retrain]" in raised.value.data.actions[0].result


def test_a_spec_that_says_candidate_stops_before_the_stage(tmp_path, year):
    made = Company(tmp_path / "bikes", **LIGHT, then='then = "candidate"')
    made.start()
    for week in weeks_of(year, 0, 2):
        made.week(week)
    turn = made.turn()
    assert [action for action, _ in acted(turn)] == ["freeze", "train", "eval", "none"]
    assert turn.alarm
    assert turn.after.version == 1


def test_a_turn_that_ends_before_the_candidate_is_judged_is_taken_up_by_the_next(tmp_path, year, monkeypatch):
    made = Company(tmp_path / "bikes", **LIGHT)
    made.start()
    for week in weeks_of(year, 0, 2):
        made.week(week)

    def interrupted(*_):
        raise KeyboardInterrupt

    for step in ("train", "promote"):
        with monkeypatch.context() as patched:
            patched.setattr(f"mlctl.verbs.loop.{step}", interrupted)
            with pytest.raises(KeyboardInterrupt):
                made.turn()
    assert made.session().repository.decisions.names().versions("datasets/demand-served")
    turn = made.turn()
    assert ("promote", "done") in acted(turn)
    assert turn.after.version == 2


def test_a_promotion_that_was_undone_is_not_made_again_at_once(tmp_path, year):
    made = Company(tmp_path / "bikes", **LIGHT)
    made.start()
    for week in weeks_of(year, 0, 2):
        made.week(week)
    assert ("promote", "done") in acted(made.turn())
    undo(made.session(), UndoRequest())
    assert acted(made.turn()) == [("none", "waiting")]


def test_a_stage_that_was_moved_while_the_loop_trained_is_left_to_whoever_moved_it(
    tmp_path, year, monkeypatch
):
    made = Company(tmp_path / "bikes", **LIGHT)
    made.start()
    for week in weeks_of(year, 0, 2):
        made.week(week)

    def meanwhile(session, request):
        train(made.session(), TrainRequest(set=("max_iter=50",)))
        promote(made.session(), PromoteRequest(force=True, reason="a person was faster"))
        return train(session, request)

    monkeypatch.setattr("mlctl.verbs.loop.train", meanwhile)
    turn = made.turn()
    assert acted(turn)[-1] == ("promote", "waiting")
    assert (turn.alarm, turn.after.version) == (True, 2)


def test_a_frozen_stage_is_left_as_it_is_and_renewed_once_it_moves_again(tmp_path, year):
    made = Company(tmp_path / "bikes", **LIGHT)
    made.start()
    for week in weeks_of(year, 0, 2):
        made.week(week)
    freeze(made.session(), FreezeRequest(stage="production", reason="an audit"))
    turn = made.turn()
    assert acted(turn) == [("promote", "refused")]
    assert "“an audit”" in turn.actions[0].result
    assert (turn.alarm, turn.after.version) == (True, 1)
    assert list(made.session().repository.decisions.names().versions("models/demand")) == [1]
    unfreeze(made.session(), UnfreezeRequest(stage="production"))
    again = made.turn()
    assert ("promote", "done") in acted(again)
    assert again.after.version == 2


def test_a_candidate_that_waits_for_an_approval_is_left_to_people_and_not_made_anew(tmp_path, year):
    made = Company(tmp_path / "bikes", **LIGHT)
    made.start()
    for week in weeks_of(year, 0, 2):
        made.week(week)
    path, table = made.root / "mlctl.toml", "[model.demand.gates.production]\n"
    text = path.read_text()
    assert table in text
    path.write_text(text.replace(table, f"{table}approvals = {{ count = 1 }}\n"))
    assert acted(made.turn())[-1] == ("promote", "refused")
    assert acted(made.turn()) == [("none", "waiting")]
    approve(session_of(made, "bea@example.org"), ApproveRequest(model="demand@2"))
    assert promote(made.session(), PromoteRequest(model="demand@2")).data.previous == 1


def test_data_that_have_nothing_new_renew_nothing_and_the_alarm_stands(tmp_path, year):
    made = Company(tmp_path / "bikes", **LIGHT, data='data = "dataset"', window=ALL)
    train(made.session(), TrainRequest(test="14d", window="all"))
    promote(made.session(), PromoteRequest(force=True, reason="a test"))
    for week in weeks_of(year, 0, 2):
        made.week(week)
    turn = made.turn()
    assert turn.alarm
    assert acted(turn)[0] == ("train", "nothing")
    assert acted(turn)[-1] == ("none", "nothing")


def test_a_recalibration_that_was_undone_is_not_made_again_from_the_same_labels(tmp_path, year):
    made = Company(tmp_path / "bikes", **LIGHT, then=f'then = "candidate"\n{RECALIBRATE}')
    made.start()
    for week in weeks_of(year, 0, 3):
        made.week(week)
        turn = made.turn()
        if ("recalibrate", "done") in acted(turn):
            break
    undo(made.session(), UndoRequest())
    assert made.deployed()[0] == turn.before.digest
    again = made.turn()
    assert ("recalibrate", "done") not in acted(again)
    assert made.deployed()[0] == turn.before.digest


@pytest.fixture(scope="module")
def levelled(tmp_path_factory, year):
    """A quarter with weekly recalibration and learning from all history, which the gates refuse."""
    made = Company(
        tmp_path_factory.mktemp("level") / "bikes", **LIGHT, then=f"{PROMOTE}\n{RECALIBRATE}", window=ALL
    )
    made.start()
    turns = []
    for week in weeks_of(year, 0, 13):
        made.week(week)
        turns.append(made.turn())
    return made, turns


def test_recalibration_brings_the_error_far_below_the_frozen_model(levelled, year):
    made, _ = levelled
    rows = [row for week in weeks_of(year, 2, 13) for day in week for row in day]
    frozen = Company.frozen_answers(made, rows)
    error = np.mean([abs(frozen[row["instant"]] - row["cnt"]) for row in rows])
    assert made.error(rows) < 0.6 * error


def test_a_recalibrated_version_has_the_same_files_another_level_and_the_same_number(levelled):
    made, turns = levelled
    first = next(turn for turn in turns if ("recalibrate", "done") in acted(turn))
    repository = made.session().repository
    before = repository.facts.get(ModelVersion, first.before.digest)
    after = repository.facts.get(ModelVersion, first.after.digest)
    assert after.artefacts == before.artefacts
    assert after.level != before.level
    assert first.after.version == first.before.version == 1
    assert first.after.level == after.level


def test_the_record_with_all_its_levels_is_sound_and_readable(levelled):
    made, _ = levelled
    assert fsck(made.session(), FsckRequest()).data.clean
    decisions = log(made.session(), LogRequest()).data.decisions
    assert sum(decision.kind == "recalibrate" for decision in decisions) >= 4


def test_a_refused_renewal_leaves_the_alarm_standing_and_is_not_tried_again_at_once(levelled):
    _, turns = levelled
    at = next(place for place, turn in enumerate(turns) if ("promote", "refused") in acted(turn))
    assert turns[at].alarm
    tries = [place for place, turn in enumerate(turns) if any(name == "train" for name, _ in acted(turn))]
    assert all(later - earlier >= 4 for earlier, later in itertools.pairwise(tries))
    waits = [turn for turn in turns[at + 1 :] if ("none", "waiting") in acted(turn)]
    assert all(turn.alarm for turn in waits)


def test_undo_of_a_recalibration_brings_back_the_level_of_before(levelled):
    made, _ = levelled
    repository = made.session().repository
    last = [c.entry for c in repository.decisions.entries() if c.entry.kind == "recalibrate"][-1]
    stage = next(change for change in last.changes if change.name.startswith("stages/"))
    if repository.decisions.names().last_effect(stage.name) == last.number:
        undo(made.session(), UndoRequest(number=last.number))
        assert made.deployed()[0] == stage.old


def test_a_promotion_that_turns_out_worse_is_taken_back(tmp_path, year):
    """A candidate that was forced into the stage by the loop's own hand, and is bad."""
    made = Company(tmp_path / "bikes", **LIGHT)
    made.start()
    good = made.deployed()[0]
    made.via = "loop"
    train(made.session(), TrainRequest(set=("max_iter=1",)))
    promote(made.session(), PromoteRequest(force=True, reason="to see it taken back"))
    made.via = None
    assert made.deployed()[0] != good
    for week in weeks_of(year, 0, 2):
        made.week(week)
    turn = made.turn()
    assert acted(turn) == [("rollback", "done")]
    assert made.deployed()[0] == good
    assert not turn.alarm


@pytest.mark.slow
def test_on_weeks_without_drift_the_loop_keeps_to_its_budget(tmp_path):
    """Every second week of 2011 is learnt from; the others, in another order, are lived through."""
    past = days_of(row for row in hours() if row["dteday"] < "2012-01-01")
    weeks = [past[2 + 7 * place : 9 + 7 * place] for place in range(51)]
    learnt = " or ".join(
        f"dteday between '{week[0][0]['dteday']}' and '{week[-1][0]['dteday']}'" for week in weeks[::2]
    )
    made = Company(tmp_path / "bikes", **LIGHT, train_where=f'train_where = "{learnt}"', performance="")
    made.start()
    assert made.look().calibration["weeks"] == 26
    unseen = weeks[1::2]
    events, promoted, standing = 0, 0, False
    for place, source in enumerate(np.random.default_rng(3).permutation(len(unseen))):
        made.week([moved(day, place, offset) for offset, day in enumerate(unseen[source])])
        turn = made.turn()
        promoted += ("promote", "done") in acted(turn)
        raised = turn.alarm or ("train", "done") in acted(turn)
        events += raised and not standing
        standing = raised
    expected = len(unseen) * 7 / 90  # the budget is one in 90 days
    assert events <= 3 * expected
    assert promoted <= 2 * expected


def moved(day, week, offset):
    """A day's rows as if they were of 2012, with keys that were never learnt from."""
    date = str(np.datetime64("2012-01-02") + 7 * week + offset)
    return [{**row, "dteday": date, "instant": 100_000 + (7 * week + offset) * 24 + row["hr"]} for row in day]
