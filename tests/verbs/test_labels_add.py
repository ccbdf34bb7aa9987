import threading

import pytest

from mlctl.domain.errors import ColumnMissing, NotFound, UnreadableTable
from mlctl.domain.prediction import Answered
from mlctl.domain.requests.labels_add import LabelsAddRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.serving.ids import ulids
from mlctl.verbs.labels_add import labels_add
from mlctl.verbs.undo import undo
from tests.verbs.learner import spec

from .served import Served


@pytest.fixture
def served(tmp_path):
    return Served(tmp_path / "bikes")


@pytest.fixture
def logged(served):
    """Predictions of rides 1 to 5; their ids."""
    ids = ulids(1_767_225_600_123, 5)
    journal = served.session.repository.predictions.journal("demand", "sync")
    journal.append(
        Answered(
            time="2026-01-01T00:00:00.123Z",
            model="demand",
            stage="production",
            digest=served.versions[1],
            ids=ids,
            columns={"instant": [1, 2, 3, 4, 5], "hr": [1, 2, 3, 4, 5]},
            outputs=(1.0, 2.0, 3.0, 4.0, 5.0),
        )
    )
    journal.close()
    return ids


def add(served, text, name="labels.csv", **options):
    path = served.root / name
    path.write_text(text)
    return labels_add(served.fresh(), LabelsAddRequest(path=str(path), **options))


def labels(served):
    """What counts now, by key, later batches over earlier ones."""
    session = served.fresh()
    found = {}
    for batch, table in session.repository.labels.table("demand", session.repository.decisions.names()):
        for row in table.to_pylist():
            found[tuple(row[name] for name in batch.by)] = row["cnt"]
    return found


@pytest.mark.usefixtures("logged")
def test_labels_by_the_data_key_are_matched_and_those_without_a_prediction_wait(served):
    outcome = add(served, "instant,cnt\n1,10\n2,20\n99,30\n")
    data = outcome.data
    assert (data.model, data.target, data.by) == ("demand", "cnt", ("instant",))
    assert (data.rows, data.matched, data.corrected, data.duplicates, data.changed) == (3, 2, 0, 0, True)
    assert data.decision == served.fresh().repository.decisions.names().head
    assert labels(served) == {(1,): 10, (2,): 20, (99,): 30}


@pytest.mark.parametrize("column", ["prediction_id", "mlctl.id"])
def test_labels_by_prediction_id_need_no_key(served, logged, column):
    outcome = add(served, f"{column},cnt\n{logged[0]},10\n{logged[4]},50\n")
    assert (outcome.data.by, outcome.data.matched) == (("mlctl.id",), 2)
    assert labels(served) == {(logged[0],): 10, (logged[4],): 50}


@pytest.mark.usefixtures("logged")
def test_the_same_file_again_is_unchanged(served):
    first = add(served, "instant,cnt\n1,10\n")
    again = add(served, "instant,cnt\n1,10\n", name="copy.csv")
    assert not again.data.changed
    assert (again.data.batch, again.data.decision) == (first.data.batch, None)
    assert len(served.fresh().repository.decisions.names().under("labels/demand/")) == 1


@pytest.mark.usefixtures("logged")
def test_a_correction_wins_and_undo_takes_it_back(served):
    add(served, "instant,cnt\n1,10\n2,20\n")
    corrected = add(served, "instant,cnt\n1,11\n2,20\n3,30\n")
    assert (corrected.data.matched, corrected.data.corrected) == (3, 1)
    assert labels(served)[1,] == 11
    undo(served.fresh(), UndoRequest())
    assert labels(served) == {(1,): 10, (2,): 20}
    again = add(served, "instant,cnt\n1,11\n2,20\n3,30\n")
    assert again.data.changed, "after an undo the file counts no more, so it can be added again"
    assert labels(served)[1,] == 11


@pytest.mark.usefixtures("logged")
def test_of_rows_with_one_key_the_last_wins_and_it_is_said(served):
    outcome = add(served, "instant,cnt\n1,10\n1,11\n2,20\n1,12\n")
    assert (outcome.data.rows, outcome.data.duplicates) == (2, 2)
    assert "2 rows have a key that a later row has too" in outcome.warnings[0]
    assert labels(served) == {(1,): 12, (2,): 20}


@pytest.mark.usefixtures("logged")
def test_rows_without_key_or_target_are_left_out_and_it_is_said(served):
    outcome = add(served, "instant,cnt\n1,10\n2,\n,30\n")
    assert (outcome.data.rows, outcome.data.missing) == (1, 2)
    assert any("2 rows lack" in warning for warning in outcome.warnings)


@pytest.mark.usefixtures("logged")
def test_other_columns_are_not_kept(served):
    add(served, "instant,cnt,secret\n1,10,x\n")
    session = served.fresh()
    [(_, table)] = session.repository.labels.table("demand", session.repository.decisions.names())
    assert table.column_names == ["instant", "cnt"]


@pytest.mark.usefixtures("logged")
def test_a_dry_run_counts_and_changes_nothing(served):
    outcome = add(served, "instant,cnt\n1,10\n", dry_run=True)
    assert (outcome.data.matched, outcome.data.batch, outcome.data.changed) == (1, None, True)
    assert labels(served) == {}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("instant,count\n1,10\n", ColumnMissing),
        ("id,cnt\n1,10\n", ColumnMissing),
        ("instant,cnt\n", UnreadableTable),
        ("instant,cnt\n1,\n", UnreadableTable),
        ("", UnreadableTable),
    ],
)
def test_a_file_without_labels_is_refused_and_nothing_is_decided(served, text, error):
    head = served.fresh().repository.decisions.names().head
    with pytest.raises(error):
        add(served, text)
    assert served.fresh().repository.decisions.names().head == head


def test_a_model_that_is_not_declared_and_a_file_that_is_not_there(served):
    with pytest.raises(NotFound):
        add(served, "instant,cnt\n1,10\n", model="demnad")
    with pytest.raises(UnreadableTable):
        labels_add(served.fresh(), LabelsAddRequest(path="none.csv"))


@pytest.mark.usefixtures("logged")
def test_of_several_who_add_the_same_file_at_once_one_does(served):
    path = served.root / "labels.csv"
    path.write_text("instant,cnt\n1,10\n")
    outcomes = []
    threads = [
        threading.Thread(
            target=lambda: outcomes.append(labels_add(served.fresh(), LabelsAddRequest(path=str(path))))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome.data.changed for outcome in outcomes) == [False, False, False, True]
    assert labels(served) == {(1,): 10}


def test_a_key_that_the_spec_calls_text_is_not_read_as_a_number(learner):
    text = spec().replace('time = ["day"]', 'time = ["day"]\n\n[data.rides.read]\ntypes = { id = "string" }')
    learner.write("mlctl.toml", text)
    path = learner.write("late.csv", "id,rides\n7.10,51.5\n")
    session = learner.session()
    result = labels_add(session, LabelsAddRequest(path=str(path))).data
    (_, table), *_ = session.repository.labels.table("demand", session.repository.decisions.names())
    assert (result.rows, table.column("id").to_pylist()) == (1, ["7.10"])


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (
            'header = false\nnames = ["id", "day", "temp", "wind", "rides"]\nnull = ["?"]',
            "7,2011-01-08,?,0.1,51.5\n",
        ),
        (
            'header = false\nnames = ["id", "day", "temp", "wind", "rides"]\nnull = ["?"]',
            "id,rides\n7,51.5\n8,?\n",
        ),
        ('delimiter = ";"\ndecimal = ","', "id;rides\n7;51,5\n"),
    ],
)
def test_labels_are_read_as_the_data_are_unless_they_have_a_header_of_their_own(learner, read, text):
    learner.write(
        "mlctl.toml", spec().replace('time = ["day"]', f'time = ["day"]\n\n[data.rides.read]\n{read}')
    )
    path = learner.write("late.csv", text)
    session = learner.session()
    result = labels_add(session, LabelsAddRequest(path=str(path))).data
    (_, table), *_ = session.repository.labels.table("demand", session.repository.decisions.names())
    assert (result.rows, table.to_pylist()) == (1, [{"id": 7, "rides": 51.5}])
