import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from mlctl.deployment.plans import plan_of
from mlctl.deployment.pointer import VersionPointer
from mlctl.domain.errors import ColumnMissing, NotFound, PredictionFailed, UnreadableTable
from mlctl.domain.requests.predict import PredictRequest
from mlctl.serving.protocol import RowReader
from mlctl.tabular.batches import TableWriter
from mlctl.verbs.predict import predict

from .served import Served, csv_of, features, plain, rows, to_table


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    made = Served(tmp_path_factory.mktemp("predict") / "bikes")
    made.promote(1)
    return made


def server_answers(served, number, dicts):
    """What the server computes: JSON through the reader and the plan, a few rows at a time."""
    pointer = VersionPointer(served.session.repository, "demand", served.versions[number], number)
    held = pointer.resolve()
    plan = plan_of(served.session, held.model, held.folder)
    reader = RowReader(held.model.signature, strict=True)
    dicts = list(dicts)
    return [
        output
        for start in range(0, len(dicts), 7)
        for output in plan.answer(
            reader.read(json.dumps({"rows": dicts[start : start + 7]}).encode())
        ).outputs
    ]


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
@pytest.mark.parametrize("output", ["csv", "parquet", "jsonl"])
def test_a_file_gets_bit_for_bit_the_answers_of_the_server(served, tmp_path, suffix, output):
    dicts = [features(row) for row in rows(300, seed=5)]
    path, out = tmp_path / f"new.{suffix}", tmp_path / f"out.{output}"
    if suffix == "csv":
        path.write_text(csv_of(dicts))
    else:
        writer = TableWriter(path, path.name)
        writer.write(to_table(dicts))
        writer.close()
    outcome = predict(served.session, PredictRequest(model="demand@1", input=str(path), output=str(out)))
    assert (outcome.data.rows, outcome.data.version, outcome.data.digest) == (300, 1, served.versions[1])
    assert outcome.data.columns == ("instant", "day", "prediction")
    if output == "csv":
        with out.open(newline="") as file:
            found = [(int(row["instant"]), float(row["prediction"])) for row in csv.DictReader(file)]
    elif output == "parquet":
        found = [(row["instant"], row["prediction"]) for row in pq.read_table(out).to_pylist()]
    else:
        found = [(row["instant"], row["prediction"]) for row in map(json.loads, out.read_text().splitlines())]
    assert found == list(zip(range(1, 301), server_answers(served, 1, dicts), strict=True))
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted([path.name, out.name])


@pytest.mark.parametrize("selector", ["demand@production", "production"])
def test_a_stage_is_resolved_to_what_it_holds(served, tmp_path, selector):
    (tmp_path / "new.csv").write_text(csv_of(features(row) for row in rows(3)))
    out = tmp_path / "out.csv"
    outcome = predict(
        served.session, PredictRequest(model=selector, input=str(tmp_path / "new.csv"), output=str(out))
    )
    assert outcome.data.version == 1
    assert plain(outcome.data)["rows"] == 3


def test_a_bad_row_leaves_the_old_output_as_it_was(served, tmp_path):
    dicts = [features(row) for row in rows(50)]
    dicts[41]["hr"] = "late"
    (tmp_path / "new.csv").write_text(csv_of(dicts))
    out = tmp_path / "out.csv"
    out.write_text("before")
    with pytest.raises(PredictionFailed) as caught:
        predict(
            served.session, PredictRequest(model="demand@1", input=str(tmp_path / "new.csv"), output=str(out))
        )
    assert (caught.value.facts["row"], caught.value.facts["column"]) == (42, "hr")
    assert out.read_text() == "before"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["new.csv", "out.csv"]


def test_a_missing_column_and_a_missing_file_and_a_missing_model_are_told_apart(served, tmp_path):
    dicts = [features(row) for row in rows(3)]
    for row in dicts:
        del row["weather"]
    (tmp_path / "new.csv").write_text(csv_of(dicts))
    out = str(tmp_path / "out.csv")
    with pytest.raises(ColumnMissing):
        predict(served.session, PredictRequest(model="demand@1", input=str(tmp_path / "new.csv"), output=out))
    with pytest.raises(UnreadableTable):
        predict(
            served.session, PredictRequest(model="demand@1", input=str(tmp_path / "none.csv"), output=out)
        )
    with pytest.raises(NotFound):
        predict(served.session, PredictRequest(model="demand@9", input=str(tmp_path / "new.csv"), output=out))
    assert not Path(out).exists()


def test_a_dry_run_checks_and_writes_nothing(served, tmp_path):
    (tmp_path / "new.csv").write_text(csv_of(features(row) for row in rows(3)))
    out = tmp_path / "out.csv"
    request = PredictRequest(model="demand@1", input=str(tmp_path / "new.csv"), output=str(out), dry_run=True)
    assert predict(served.session, request).data.columns == ("instant", "day", "prediction")
    assert not out.exists()
