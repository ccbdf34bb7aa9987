"""Facts are immutable records, found by what they say, verified before they are parsed."""

import subprocess
import sys

import msgspec
import pytest

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import Corrupt, Missing
from mlctl.domain.evaluation import Evaluation
from mlctl.domain.model import ModelVersion
from mlctl.domain.prediction import LabelBatch
from mlctl.domain.records import digest_of, encode
from mlctl.domain.run import Run
from mlctl.store.index import FIELDS
from mlctl.store.references import SHAPES, references
from mlctl.store.repository import Repository
from tests.store import full
from tests.store.test_run_table import run_of


def labels(number: int, model: str = "demand") -> LabelBatch:
    return LabelBatch(
        created_at=f"2026-11-01T00:00:{number % 60:02d}.{number // 60:03d}Z",
        model=model,
        table=full.ANY,
        rows=number,
        by=("mlctl.id",),
        target="y",
        source=full.ANY,
    )


def test_a_fact_is_read_back_as_it_was_and_is_named_by_its_bytes(repository):
    fact = labels(3)
    digest = repository.facts.add(fact)
    assert repository.facts.get(LabelBatch, digest) == fact
    assert repository.layout.fact("labels", digest).read_bytes() == encode(fact)
    assert repository.facts.add(fact) == digest
    assert repository.facts.all(LabelBatch) == [(digest, fact)]


def test_a_fact_of_another_kind_or_none_is_missing(repository):
    digest = repository.facts.add(labels(1))
    with pytest.raises(Missing):
        repository.facts.get(Run, digest)
    with pytest.raises(Missing):
        repository.facts.get(LabelBatch, "0" * 64)


def test_a_fact_with_other_bytes_or_another_shape_is_corrupt(repository):
    digest = repository.facts.add(labels(1))
    path = repository.layout.fact("labels", digest)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b'"rows":1', b'"rows":2'))
    with pytest.raises(Corrupt, match="sha256"):
        repository.facts.get(LabelBatch, digest)
    shapeless = encode({"unknown": 1})
    digest = digest_of(shapeless)
    repository.layout.fact("labels", digest).write_bytes(shapeless)
    with pytest.raises(Corrupt, match="no LabelBatch"):
        repository.facts.get(LabelBatch, digest)


def test_facts_are_found_by_the_values_of_their_fields_newest_last(repository):
    own = [repository.facts.add(labels(number)) for number in (5, 2, 9)]
    repository.facts.add(labels(1, "other"))
    found = repository.facts.where(LabelBatch, model="demand")
    assert [fact.rows for _digest, fact in found] == [2, 5, 9]
    assert {digest for digest, _fact in found} == set(own)
    assert repository.facts.where(LabelBatch, model="demand", source="nowhere") == []
    assert repository.facts.where(LabelBatch) == repository.facts.all(LabelBatch)


def test_a_field_that_is_not_indexed_cannot_be_asked_for(repository):
    with pytest.raises(ValueError, match="rows"):
        repository.facts.where(LabelBatch, rows="3")


def test_a_field_may_be_asked_for_nothing(repository):
    dataset = full.add_dataset(repository)
    digest = full.add_model(repository, dataset)
    version = repository.facts.get(ModelVersion, digest)
    refit = repository.facts.add(msgspec.structs.replace(version, refit_of=digest))
    assert [found for found, _fact in repository.facts.where(ModelVersion, refit_of=None)] == [digest]
    assert [found for found, _fact in repository.facts.where(ModelVersion, refit_of=digest)] == [refit]


def test_facts_that_other_processes_add_or_remove_are_seen_at_once(repository):
    ours = Repository.find(repository.root).facts
    for number in range(1, 30):
        digest = repository.facts.add(labels(number))
        assert len(ours.where(LabelBatch, model="demand")) == number
    repository.layout.fact("labels", digest).unlink()
    assert len(ours.where(LabelBatch, model="demand")) == 28


@pytest.mark.parametrize("rubbish", [b"", b"rubbish" * 1000])
def test_a_missing_or_damaged_index_is_made_anew(repository, rubbish):
    digest = repository.facts.add(labels(1))
    repository.facts.where(LabelBatch, model="demand")
    repository.index.path.write_bytes(rubbish)
    assert Repository.find(repository.root).facts.where(LabelBatch, model="demand")[0][0] == digest
    repository.index.path.unlink()
    assert Repository.find(repository.root).facts.where(LabelBatch, model="demand")[0][0] == digest


def test_an_index_that_cannot_be_written_is_done_without(repository):
    digest = repository.facts.add(labels(1))
    repository.layout.index.rmdir()
    repository.layout.index.write_bytes(b"in the way")
    assert Repository.find(repository.root).facts.where(LabelBatch, model="demand")[0][0] == digest


def test_processes_may_add_and_look_up_at_once(repository):
    script = (
        "import sys; from pathlib import Path; from mlctl.store.repository import Repository\n"
        "from mlctl.domain.prediction import LabelBatch\n"
        "facts = Repository.find(Path(sys.argv[1])).facts; sys.stdin.readline()\n"
        "for n in range(60):\n"
        "    facts.add(LabelBatch(created_at='t', model=sys.argv[2], table='a'*64, rows=n, by=(), target='',"
        " source=''))\n"
        "    assert len(facts.where(LabelBatch, model=sys.argv[2])) == n + 1\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(repository.root), f"m{n}"], stdin=subprocess.PIPE)
        for n in range(4)
    ]
    for writer in writers:
        writer.communicate(b"go\n", timeout=120)
    assert [writer.returncode for writer in writers] == [0] * 4
    for number in range(4):
        assert len(repository.facts.where(LabelBatch, model=f"m{number}")) == 60


def test_a_fact_is_found_by_the_beginning_of_its_digest_or_of_a_field(repository):
    digest = repository.facts.add(labels(1))
    assert repository.facts.starting(LabelBatch, digest[:8]) == [digest]
    assert repository.facts.starting(LabelBatch, "zz") == []
    run = full.add_run(repository, full.add_dataset(repository))
    assert [fact for _digest, fact in repository.facts.beginning(Run, "run", run.run[:20])] == [run]


def test_every_indexed_field_is_a_field_of_its_kind():
    assert set(FIELDS) == set(SHAPES)
    for kind, fields in FIELDS.items():
        assert set(fields) <= {field.name for field in msgspec.structs.fields(SHAPES[kind])}


def test_what_a_fact_names_is_known_for_every_kind(tmp_path):
    repository = full.fill(tmp_path / "project")
    for shape in SHAPES.values():
        found = repository.facts.all(shape)
        assert found, shape.kind
        for _digest, fact in found:
            named = references(fact)
            assert all(repository.objects.has(digest) for digest in named.objects)
            assert all(repository.facts.has(SHAPES[kind], digest) for kind, digest in named.facts)
    assert references(repository.facts.all(Evaluation)[0][1]).objects
    assert references(repository.facts.all(DatasetVersion)[0][1]).objects


def test_a_fact_that_could_not_be_read_back_is_not_written(repository):
    unreadable = msgspec.structs.replace(labels(1), rows=None)
    with pytest.raises(msgspec.ValidationError):
        repository.facts.add(unreadable)
    assert repository.facts.all(LabelBatch) == []


@pytest.mark.parametrize("few", [0, 3, 500])
def test_rare_and_frequent_values_are_asked_for_together(repository, monkeypatch, few):
    monkeypatch.setattr("mlctl.store.index._FEW", few)
    for number in range(20):
        repository.facts.add(
            run_of(number, status="finished" if number % 5 else "failed", cache_key="a" * 64)
        )
    repository.facts.add(run_of(20, status="finished", cache_key="b" * 64))

    def found(**equal):
        return sorted(run.run for _, run in repository.facts.where(Run, **equal))

    assert found(cache_key="b" * 64, status="finished", model="demand") == [run_of(20).run]
    assert found(status="failed", cache_key="a" * 64) == sorted(run_of(n).run for n in (0, 5, 10, 15))
    assert found(status="failed", cache_key="b" * 64) == found(status="killed", model="demand") == []
    assert len(found(status="finished", model="demand")) == 17
