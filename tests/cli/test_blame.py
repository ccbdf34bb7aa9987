"""`mlctl blame` in a terminal and for programs."""

import pytest

from mlctl.domain.prediction import Answered
from mlctl.serving.ids import ulids
from tests.verbs.served import Served


@pytest.fixture
def served(tmp_path):
    made = Served(tmp_path / "bikes")
    made.promote(1)
    session = made.session
    journal = session.repository.predictions.journal("demand", "sync")
    ids = ulids(int(session.clock().timestamp() * 1000), 1)
    columns = {"instant": [7], "hr": [17]}
    journal.append(
        Answered(
            time=session.now(),
            model="demand",
            stage="production",
            digest=made.versions[1],
            ids=ids,
            columns=columns,
            outputs=(101.0,),
        )
    )
    journal.close()
    made.prediction = ids[0]
    return made


def test_the_chain_is_a_tree_from_the_answer_down(served, terminals):
    tree = terminals(served.root).run("blame", served.prediction).stdout
    lines = tree.splitlines()
    assert lines[0].startswith(f"prediction {served.prediction}")
    for word in ("instant=7 hr=17", "demand@1", "promote to production by Ada", "rides@1", "c" * 40):
        assert word in tree
    assert lines[-1] == "└─ verified  yes: every digest on the way was checked"


def test_the_document_has_the_shape_of_the_contract(served, terminals):
    code, document = terminals(served.root).json("blame", "--key", "instant=7")
    assert (code, document["schema"]) == (0, "mlctl.blame/1")
    wanted = (
        "prediction time input output model version digest decision evaluation run datasets code verified"
    )
    assert set(wanted.split()) <= set(document["data"])
    assert document["data"]["prediction"] == served.prediction
    assert document["data"]["code"]["commit"] == "c" * 40


def test_an_unknown_answer_is_20_and_a_damaged_chain_50(served, terminals):
    terminal = terminals(served.root)
    assert terminal.json("blame", "01JD8Z3V5W4N8Q0T1X2Y3Z4A5B")[0] == 20
    record = served.session.repository.layout.fact("models", served.versions[1])
    record.chmod(0o644)
    record.write_bytes(record.read_bytes().replace(b"2026", b"2025", 1))
    code, document = terminal.json("blame", served.prediction)
    assert (code, document["error"]["id"]) == (50, "corrupt")
    assert document["error"]["facts"]["chain"]["verified"] is False
