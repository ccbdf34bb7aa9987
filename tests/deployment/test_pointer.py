import pytest

from mlctl.deployment.pointer import StagePointer, VersionPointer, pointer_to
from mlctl.domain.errors import Corrupt, NotFound
from tests.verbs.served import Served


@pytest.fixture
def served(tmp_path):
    return Served(tmp_path / "bikes")


def test_peek_follows_promotion_and_undo_as_another_process_sees_them(served):
    served.promote(1)
    pointer = pointer_to(served.fresh(), "production")
    assert pointer.peek() == served.versions[1]
    decision = served.promote(2)
    assert pointer.peek() == served.versions[2]
    held = pointer.resolve()
    assert (held.version, held.stage, held.decision) == (2, "production", decision)
    assert sorted(path.name for path in held.folder.iterdir()) == sorted(
        one.name for one in held.model.artefacts
    )
    served.decide("rollback", "stages/demand/production", None)
    assert pointer.peek() is None
    with pytest.raises(NotFound):
        pointer.resolve()
    pointer.close()
    assert not held.folder.exists()


@pytest.mark.parametrize(
    ("target", "stage"),
    [
        (None, "production"),
        ("demand", "production"),
        ("production", "production"),
        ("demand@staging", "staging"),
        ("staging", "staging"),
    ],
)
def test_a_stage_can_be_named_in_every_way_that_is_not_ambiguous(served, target, stage):
    served.promote(1)
    served.promote(2, "staging")
    pointer = pointer_to(served.fresh(), target)
    assert isinstance(pointer, StagePointer)
    assert (pointer.model, pointer.stage) == ("demand", stage)


@pytest.mark.parametrize("target", ["demand@2", "demand@latest", "demand@production~1"])
def test_a_version_or_a_past_is_fixed(served, target):
    served.promote(2)
    served.promote(1)
    pointer = pointer_to(served.fresh(), target)
    assert isinstance(pointer, VersionPointer)
    assert pointer.peek() == served.versions[2]
    served.promote(2)
    assert pointer.resolve().version == 2
    pointer.close()


@pytest.mark.parametrize(
    "target", [None, "demand", "demand@production", "production", "demand@9", "demnad", "demand@productoin"]
)
def test_what_is_not_there_is_not_found_with_what_to_type(served, target):
    served.promote(1, "staging")
    with pytest.raises(NotFound) as caught:
        pointer_to(served.fresh(), target)
    assert caught.value.hints


def test_an_empty_stage_is_answered_with_promote(served):
    with pytest.raises(NotFound) as caught:
        pointer_to(served.fresh(), None)
    assert caught.value.hints[0] == "mlctl promote demand --to production"


def test_a_damaged_file_is_never_resolved(served):
    served.promote(1)
    pointer = pointer_to(served.fresh(), None)
    artefact = pointer.resolve().model.artefacts[0]
    path = served.session.repository.layout.object(artefact.sha256)
    data = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(data[:100] + bytes([data[100] ^ 1]) + data[101:])
    with pytest.raises(Corrupt):
        pointer.resolve()
    pointer.close()
