"""A spec proposed from a table: the whole text reads back, and says what the table says."""
# ruff: noqa: DTZ001 - tables hold UTC without a zone

import gzip
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mlctl.domain.errors import ColumnMissing, UsageError
from mlctl.domain.spec import ModelSpec, ReadSpec
from mlctl.domain.spec_reader import read_spec
from mlctl.tabular.check import check_table
from mlctl.tabular.expression import mask
from mlctl.tabular.propose import Proposal, propose
from mlctl.tabular.read import read_bytes

BIKES = Path(__file__).parents[2] / "templates/bike-demand/data/hour.csv.gz"

PEOPLE = """\
39, State-gov, Bachelors, 13, Male, 2174, 1, <=50K
50, ?, Bachelors, 13, Male, 0, 1, <=50K
38, Private, HS-grad, 9, Female, 0, 1, <=50K
53, Private, 11th, 7, Male, 0, 1, >50K
"""
NAMES = ["age", "workclass", "education", "education-num", "sex", "capital-gain", "one", "income"]


def proposed(table: pa.Table, target: str, read: ReadSpec | None = None, **options) -> Proposal:
    return propose(
        table,
        target=target,
        project="shop",
        model="guess",
        data_name="rows",
        data_path="data/rows.csv",
        read=read or ReadSpec(),
        **options,
    )


def model_of(proposal: Proposal) -> ModelSpec:
    return read_spec(proposal.text, "mlctl.toml").model["guess"]


def people(rows: int = 80, ending: str = "") -> tuple[pa.Table, ReadSpec]:
    read = ReadSpec(names=NAMES, null=["?"])
    lines = PEOPLE.splitlines() * (rows // 4)
    lines = [line.replace("39,", f"{20 + i % 37},", 1) + ending for i, line in enumerate(lines)]
    return read_bytes("\n".join(lines).encode(), "adult.data", read), read


def random_rows(rows: int = 200, **columns) -> pa.Table:
    random = np.random.default_rng(0)
    return pa.table({"a": random.normal(size=rows), "b": random.normal(size=rows), **columns})


def test_the_bikes_are_split_by_time_and_the_leak_is_found() -> None:
    table = read_bytes(gzip.decompress(BIKES.read_bytes()), "hour.csv")
    proposal = proposed(table, "cnt")
    spec = read_spec(proposal.text, "mlctl.toml")
    data, model = spec.data["rows"], spec.model["guess"]
    assert (data.key, data.time) == (["instant"], ["dteday", "hr"])
    assert model.exclude == ["yr", "casual", "registered"]
    assert '"casual",      # gives cnt away: cnt = casual + registered in every row' in proposal.text
    assert (model.task, model.split.by, model.eval.resample) == ("regression", "time", "week")
    assert set(model.features) == {"dteday", "hr"}
    assert model.features["dteday"].parts == ["day_number"]
    assert model.gates["production"].rules["mae"].incumbent == "not_worse"
    assert "always answering the mean gets 142" in proposal.text
    assert model.retrain is not None
    assert model.retrain.window == "182d"
    assert all(result.passed for result in check_table(table, data))
    assert all(0 < mask(table, text).sum() < table.num_rows for text in model.eval.slices.values())


def test_census_rows_have_no_key_a_copy_and_a_test_file_with_other_labels() -> None:
    table, read = people()
    test, _ = people(ending=".")
    proposal = proposed(table, "income", read, test=("rows-test", "data/test.csv", test))
    spec = read_spec(proposal.text, "mlctl.toml")
    model = spec.model["guess"]
    assert (model.task, model.positive) == ("binary", ">50K")
    assert spec.data["rows"].read.null == ["?"]
    assert spec.data["rows-test"].read.replace == {"income": {"<=50K.": "<=50K", ">50K.": ">50K"}}
    assert spec.data["rows-test"].read.names == NAMES
    assert (model.split.by, model.split.test) == ("dataset", "rows-test")
    assert {"education-num", "one"} <= set(model.exclude)
    assert spec.data["rows"].key == []
    assert "sex = 'Female'" in model.eval.slices.values()
    assert any("education-num" in note for note in proposal.notes)
    again = read_bytes(("\n".join(PEOPLE.splitlines()) + ".").encode(), "x", spec.data["rows-test"].read)
    assert set(again.column("income").to_pylist()) == {"<=50K", ">50K"}


def test_a_column_that_weighs_rows_is_no_key_no_feature_and_no_slice() -> None:
    table = random_rows(200, y=list(range(200)), w=list(range(1, 201)))
    assert read_spec(proposed(table, "y").text, "mlctl.toml").data["rows"].key == ["w"]
    proposal = proposed(table, "y", weight="w")
    spec = read_spec(proposal.text, "mlctl.toml")
    model = spec.model["guess"]
    assert (model.weight, model.retrain.data, spec.data["rows"].key) == ("w", "dataset", [])
    assert "w" not in [*model.exclude, *model.features]
    assert "200 rows, 4 columns" in proposal.text
    with pytest.raises(ColumnMissing, match="did you mean 'w'"):
        proposed(table, "y", weight="ww")
    with pytest.raises(UsageError, match="y is the target; it cannot weigh rows"):
        proposed(table, "y", weight="y")
    named = random_rows(200, y=list(range(200)), w=["a"] * 200)
    with pytest.raises(UsageError, match="w holds string, not numbers"):
        proposed(named, "y", weight="w")


def test_a_quantile_may_be_asked_for() -> None:
    table = random_rows(300, y=list(range(300)))
    proposal = proposed(table, "y", task="quantile", quantile=0.8)
    model = model_of(proposal)
    assert (model.task, model.quantile, model.baseline) == ("quantile", 0.8, "quantile")
    assert model.eval.metrics == ["pinball", "coverage"]
    assert proposal.task == "quantile"
    known = np.mean(np.maximum(0.8 * (np.arange(300) - 239), 0.2 * (239 - np.arange(300))))
    assert model.monitor.performance["pinball"].max == pytest.approx(known, rel=0.01)
    assert model_of(proposed(table, "y", task="quantile")).quantile == 0.9
    assert model_of(proposed(random_rows(300, y=[0, 1] * 150), "y", task="regression")).task == "regression"
    for options, said in (
        ({"task": "quantil"}, "did you mean 'quantile'"),
        ({"quantile": 0.9}, "--quantile goes with --task quantile"),
        ({"task": "quantile", "quantile": 1.5}, "must be above 0"),
        ({"task": "binary"}, "it is regression"),
    ):
        with pytest.raises(UsageError, match=said):
            proposed(table, "y", **options)
    with pytest.raises(UsageError, match="needs numbers"):
        proposed(random_rows(300, y=["a", "b"] * 150), "y", task="quantile")


def test_a_question_mark_is_taken_for_missing_even_if_nobody_said_so() -> None:
    table, _ = people()
    texts = pa.table(
        {**{name: table.column(name) for name in NAMES if name != "workclass"}, "work": ["?", "a"] * 40}
    )
    spec = read_spec(proposed(texts, "income").text, "mlctl.toml")
    assert spec.data["rows"].read.null == ["?"]


def test_the_task_follows_the_target() -> None:
    for values, task in (
        (np.arange(200) * 1.5, "regression"),
        (np.arange(200) * 7, "regression"),
        ([0, 1] * 100, "binary"),
        ([0.0, 1.0] * 100, "binary"),
        ([True, False] * 100, "binary"),
        (["x", "y", "z", "x"] * 50, "multiclass"),
        ([1, 2, 3, 4] * 50, "multiclass"),
    ):
        proposal = proposed(random_rows(y=values), "y")
        assert proposal.task == model_of(proposal).task == task


def test_the_positive_class_is_yes_or_else_the_rarer_one() -> None:
    assert model_of(proposed(random_rows(y=["no", "yes", "yes", "yes"] * 50), "y")).positive == "yes"
    assert model_of(proposed(random_rows(y=["ham", "eggs", "ham", "ham"] * 50), "y")).positive == "eggs"
    assert model_of(proposed(random_rows(y=[0, 1, 1, 1] * 50), "y")).positive == "1"


@pytest.mark.parametrize(
    ("column", "says"),
    [
        ([5.0] * 200, "is 5 in every row"),
        (pa.array([None] * 200, pa.string()), "is missing in every row"),
        ([f"order-{i}" for i in range(200)], "names a row"),
        (["1/31/2012", "02/01/2012", "02/01/2012", "1/31/2012"] * 50, "holds dates such as"),
    ],
)
def test_a_column_that_tells_nothing_is_left_out_with_its_reason(column, says) -> None:
    table = random_rows(c=column, id=list(range(200)), y=[0, 1] * 100)
    proposal = proposed(table, "y")
    assert model_of(proposal).exclude == ["c"]
    assert says in proposal.text


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (lambda y: {"copy": y}, ["copy"]),
        (lambda y: {"log": np.log1p(y)}, ["log"]),
        (lambda y: {"cents": -100 * y}, ["cents"]),
        (lambda y: {"half": y / 2 - 3, "rest": y / 2 + 3}, ["half", "rest"]),
        (lambda y: {"u": y + np.arange(200) % 7, "v": np.arange(200) % 7 * 1.0}, ["u", "v"]),
        (lambda y: {"noisy": y + np.random.default_rng(1).normal(size=200)}, []),
    ],
)
def test_what_gives_a_number_away_is_left_out(make, names) -> None:
    y = np.random.default_rng(2).gamma(2, 5, size=200)
    assert model_of(proposed(random_rows(y=y, **make(y)), "y")).exclude == names


@pytest.mark.parametrize(
    ("column", "names"),
    [
        (["good", "bad"] * 100, ["c"]),
        (list(np.tile([0.1, 5.0], 100) + np.linspace(0, 1, 200)), ["c"]),
        (["good", "bad", "bad", "good"] * 50, []),
    ],
)
def test_what_gives_a_class_away_is_left_out(column, names) -> None:
    assert model_of(proposed(random_rows(c=column, y=["p", "q"] * 100), "y")).exclude == names


def test_a_time_column_decides_the_split_and_a_birthday_does_not() -> None:
    start = datetime(2020, 1, 1)
    table = random_rows(
        birth_date=[date(1980, 1, 1) + timedelta(days=i) for i in range(200)],
        at=pa.array([start + timedelta(hours=i) for i in range(200)], pa.timestamp("ms")),
        y=np.random.default_rng(3).normal(size=200),
    )
    spec = read_spec(proposed(table, "y").text, "mlctl.toml")
    assert spec.data["rows"].time == ["at"]
    assert spec.data["rows"].key == ["at"]
    assert spec.model["guess"].split.by == "time"
    assert spec.model["guess"].features["at"].parts == ["hour", "day_number"]
    assert spec.model["guess"].eval.resample == "day"


def test_odd_names_survive() -> None:
    table = (
        random_rows()
        .rename_columns(['a "b"\\c', "é, ü"])
        .append_column("the answer?", pa.array([0, 1] * 100))
    )
    spec = read_spec(proposed(table, "the answer?").text, "mlctl.toml")
    assert spec.model["guess"].target == "the answer?"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (["x"] * 200, "is 'x' in every row"),
        (["x", None] * 100, "missing in 100 of 200 rows (the first is data row 2)"),
        ([f"t{i}" for i in range(200)], "200 different texts"),
        ([date(2020, 1, 1), date(2020, 1, 2)] * 100, "holds times"),
    ],
)
def test_a_target_that_cannot_be_learnt_is_an_error(values, says) -> None:
    with pytest.raises(UsageError) as caught:
        proposed(random_rows(y=values), "y")
    assert says in caught.value.message


def test_a_target_that_is_not_there_names_the_nearest() -> None:
    with pytest.raises(ColumnMissing) as caught:
        proposed(random_rows(price=[1, 2] * 100), "prize")
    assert caught.value.facts["nearest"] == "price"


def test_a_test_file_must_have_the_columns_and_the_classes() -> None:
    table = random_rows(y=["p", "q"] * 100)
    with pytest.raises(ColumnMissing):
        proposed(table, "y", test=("t", "t.csv", table.drop_columns(["a"])))
    with pytest.raises(UsageError, match="no class of the table"):
        proposed(table, "y", test=("t", "t.csv", random_rows(y=["p", "other"] * 100)))


def test_a_table_with_nothing_to_learn_from_is_an_error() -> None:
    with pytest.raises(UsageError, match="no column is left"):
        proposed(pa.table({"c": ["same"] * 200, "y": [0, 1] * 100}), "y")


def test_a_table_of_ten_rows_is_enough_for_a_spec() -> None:
    table = pa.table({"a": [1.0, 2.5, 3.1, 4.8, 5.5] * 2, "y": ["p", "q"] * 5})
    assert model_of(proposed(table, "y")).params["min_samples_leaf"] == 5


def test_a_table_of_prose_gets_a_linear_model_of_its_words() -> None:
    texts = [f"win {i} pounds now" if i % 3 else f"see you at {i} then" for i in range(300)]
    table = pa.table({"text": texts, "label": ["spam" if i % 3 else "ham" for i in range(300)]})
    assert model_of(proposed(table, "label")).estimator == "sklearn.linear_model:LogisticRegression"


@pytest.mark.parametrize(
    ("values", "first", "gate"),
    [
        (["no", "yes", "no"] * 100, "roc_auc", {"min": 0.5, "max": None}),
        (["x", "y", "z"] * 100, "log_loss", {"min": None, "max": None}),
        (list(np.random.default_rng(5).gamma(2, 5, size=300)), "mae", {"min": None, "max": None}),
    ],
)
def test_what_gates_judge_first_needs_no_threshold_and_no_limit_of_the_whole_table(values, first, gate):
    model = model_of(proposed(random_rows(rows=300, y=values), "y"))
    rules = model.gates["production"].rules
    assert model.eval.metrics[0] == next(iter(rules)) == first
    assert {"min": rules[first].min, "max": rules[first].max} == gate
    assert {rule.incumbent for rule in rules.values()} == {"not_worse"}
    assert not {"accuracy", "recall", "precision"} & {name.partition("@")[0] for name in rules}
    assert model.baseline == ("mean" if first == "mae" else "prior")


def test_few_rows_get_a_gentle_estimator() -> None:
    small, large = (
        model_of(proposed(random_rows(rows=rows, y=[0, 1] * (rows // 2)), "y")) for rows in (300, 6000)
    )
    assert small.params == {"max_iter": 100, "learning_rate": 0.05, "max_depth": 3}
    assert large.params == {"max_iter": 200}
