"""Reading `mlctl.toml`: what is accepted, and how every problem is reported."""

import pytest

from mlctl.domain.errors import SpecInvalid
from mlctl.domain.spec import Spec, not_acted_on
from mlctl.domain.spec_reader import read_spec

WHOLE = """\
spec = 1

[project]
name = "bike-demand"
owner = "rides-ml@example.org"

[data.rides]
path = "data/hour.csv"
key = ["instant"]
time = ["dteday", "hr"]
known_time = "ingested_at"
checks = ["not_null(cnt)", "between(hum, 0.01, 1)", "unique(instant)"]

[model.demand]
data = "rides"
target = "cnt"
task = "regression"
train_where = "dteday < '2012-01-01'"
exclude = ["casual", "registered"]
estimator = "sklearn.ensemble:HistGradientBoostingRegressor"
params = { max_iter = 300 }
baseline = "mean"
refit = "all"
seed = 7

[model.demand.features]
season = { type = "category" }

[model.demand.split]
by = "time"
test = "20%"
embargo = "7d"

[model.demand.eval]
metrics = ["mae", "r2"]
resample = "week"
slices = { night = "hr < 6 or hr > 22", weekend = "workingday = 0" }

[model.demand.gates.production]
mae = { max = 80, incumbent = "not_worse", confidence = 0.95 }
r2 = { incumbent = "superior", margin = 0.0 }
"mae@slices" = { incumbent = "non_inferior", margin = "5%", min_rows = 100 }

[model.demand.serve]
schema = "strict"
log = "durable"

[model.demand.monitor]
time = "event"
window = "7d"
false_alarms = "1 per 90d"
labels = { key = ["instant"], delay = "1d" }
performance = { mae = { max = 100 } }

[model.demand.retrain]
recalibrate = { every = "7d", window = "28d" }
when = ["performance", "age > '56d'"]
data = "served"
window = "182d"
then = "promote"
"""


def problems(text: str) -> list[dict]:
    with pytest.raises(SpecInvalid) as caught:
        read_spec(text, "mlctl.toml")
    assert caught.value.exit_code == 2
    assert caught.value.hints == ("mlctl spec explain --help",)
    return caught.value.facts["problems"]


def only(text: str) -> dict:
    found = problems(text)
    assert len(found) == 1, found
    return found[0]


def line_of(needle: str, text: str = WHOLE) -> int:
    return text[: text.index(needle)].count("\n") + 1


def test_the_whole_spec_of_the_contract_is_read() -> None:
    spec = read_spec(WHOLE, "mlctl.toml")
    assert isinstance(spec, Spec)
    demand = spec.model["demand"]
    assert demand.gates["production"].rules["mae@slices"].margin == "5%"
    assert demand.retrain is not None
    assert demand.retrain.when == ["performance", "age > '56d'"]
    assert demand.serve.log == "durable"


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('log = "durable"', 'log = "durable"\nrollout = { canary = [5, 100] }', "serve.rollout"),
        ('log = "durable"', 'log = "durable"\nrollout = { shadow = "10m" }', "serve.rollout"),
        ('window = "182d"', 'window = "auto"', "retrain.window"),
    ],
)
def test_what_is_not_acted_on_yet_is_told_and_never_silently_ignored(old, new, key) -> None:
    assert not_acted_on(read_spec(WHOLE, "mlctl.toml")) == ()
    (told,) = not_acted_on(read_spec(WHOLE.replace(old, new), "mlctl.toml"))
    assert told.startswith(f"model.demand.{key}")


@pytest.mark.parametrize("when", ["age >= '56d'", "skew"])
def test_a_reason_to_retrain_that_could_never_hold_is_refused(when) -> None:
    found = only(WHOLE.replace("age > '56d'", when))
    assert found["key"].startswith("model.demand.retrain.when")


def test_a_mistyped_key_is_named_with_its_line_and_the_nearest_key() -> None:
    found = only(WHOLE.replace("estimator =", "estimatr ="))
    assert found["line"] == line_of("estimator =")
    assert found["nearest"] == "estimator"
    assert found["key"] == "model.demand.estimatr"


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    text = (
        WHOLE.replace("estimator =", "estimatr =")
        .replace('data = "rides"', 'data = "ride"')
        .replace('metrics = ["mae", "r2"]', 'metrics = ["mea", "r2"]')
        .replace("seed = 7", 'seed = "7"')
        .replace('embargo = "7d"', 'embargo = "7q"')
        .replace("hr < 6 or hr", "hr < 6 orr hr")
        .replace("unique(instant)", "uniqe(instant)")
    )
    found = problems(text)
    assert [problem["line"] for problem in found] == sorted(problem["line"] for problem in found)
    assert {problem["key"].rpartition(".")[2] for problem in found} == {
        "2", "data", "estimatr", "seed", "embargo", "0", "night",
    }  # fmt: skip
    nearest = {problem["nearest"] for problem in found}
    assert {"rides", "estimator", "mae"} <= nearest


@pytest.mark.parametrize(
    ("new", "key", "nearest"),
    [
        ('aftr = "staging"', "model.demand.gates.production.aftr", "after"),
        ("aftr = { max = 3 }", "model.demand.gates.production.aftr", "after"),
        ("mea = { max = 3 }", "model.demand.gates.production.mea", "mae"),
        (
            '[model.demand.gates.staging]\nafter = "prodution"',
            "model.demand.gates.staging.after",
            "production",
        ),
    ],
)
def test_a_slip_in_a_stages_gates_is_told_with_what_was_meant(new, key, nearest):
    text = WHOLE.replace("[model.demand.serve]", f"{new}\n\n[model.demand.serve]", 1)
    assert [(problem["key"], problem["nearest"]) for problem in problems(text)] == [(key, nearest)]


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ("seed = 7", "seed = true", "model.demand.seed", "whole number"),
        ('exclude = ["casual", "registered"]', 'exclude = "casual"', "model.demand.exclude", "list"),
        ("max = 80", 'max = "80"', "model.demand.gates.production.mae.max", "a number, not text"),
        ("params = { max_iter = 300 }", "params = 3", "model.demand.params", "table"),
        ('by = "time"', 'by = "tme"', "model.demand.split.by", "'tme' is unknown"),
        ('refit = "all"', 'refit = "every"', "model.demand.refit", "all | none"),
        ('path = "data/hour.csv"', 'path = "../hour.csv"', "data.rides.path", "leaves the project"),
        ('path = "data/hour.csv"', 'path = "/data/hour.csv"', "data.rides.path", "leaves the project"),
        ('baseline = "mean"\n', "", "model.demand.baseline", "gates but no baseline"),
        ('baseline = "mean"', 'baseline = "majority"', "model.demand.baseline", "mean or median"),
        (
            "sklearn.ensemble:HistGradientBoostingRegressor",
            "sklearn.ensemble.HistGradientBoostingRegressor",
            "model.demand.estimator",
            "import path",
        ),
        (
            "refit =",
            'command = ["python", "train.py"]\nrefit =',
            "model.demand.command",
            "exclude each other",
        ),
        (
            'estimator = "sklearn.ensemble:HistGradientBoostingRegressor"',
            'build = "features.py"',
            "model.demand.build",
            "like 'features.py:",
        ),
        ('test = "20%"', 'test = "120%"', "model.demand.split.test", "less than 100%"),
        ('test = "20%"', 'test = "newest"', "model.demand.split.test", "a date"),
        ('test = "20%"', 'test = "0d"', "model.demand.split.test", "a duration such as '14d'"),
        ('embargo = "7d"', "folds = 0", "model.demand.split.folds", "must be 1 to 50"),
        ('embargo = "7d"', "folds = 5", "model.demand.split.folds", "write test = '16.6%' or less"),
        (
            'by = "time"\ntest = "20%"\nembargo = "7d"',
            "folds = 6",
            "model.demand.split.folds",
            "'16.6%' or less",
        ),
        (
            'by = "time"\ntest = "20%"\nembargo = "7d"',
            'by = "column"\ntest = "b"\ncolumn = "part"\nfolds = 2',
            "model.demand.split.folds",
            "which says itself what is held out",
        ),
        (
            'by = "time"\ntest = "20%"\nembargo = "7d"',
            'by = "stratified"',
            "model.demand.split.by",
            "a regression has none",
        ),
        ('embargo = "7d"', 'accept = ["lags"]', "model.demand.split.accept.0", "is unknown"),
        ('embargo = "7d"', 'accept = ["serial", "serial"]', "model.demand.split.accept.1", "stands twice"),
        ('resample = "week"', "resample = 3", "model.demand.eval.resample", "text in quotes"),
        ('"mae", "r2"', '"mae", "accuracy"', "model.demand.eval.metrics.1", "does not fit task 'regression'"),
        ('"mae@slices"', '"mae@nigth"', 'model.demand.gates.production."mae@nigth"', "no slice 'nigth'"),
        (
            "r2 = { incumbent =",
            "r2 = { incumbant =",
            "model.demand.gates.production.r2.incumbant",
            "unknown key",
        ),
        (
            'margin = "5%"',
            'margin = "five"',
            'model.demand.gates.production."mae@slices".margin',
            "percentage",
        ),
        (
            "confidence = 0.95",
            "confidence = 95",
            "model.demand.gates.production.mae.confidence",
            "less than 1",
        ),
        (
            "mae = { max = 80",
            "approvals = { count = 0 }\nmae = { max = 80",
            "model.demand.gates.production.approvals.count",
            "at least 1",
        ),
        (
            "mae = { max = 80",
            'approvals = { count = 2, by = ["a@b.c"] }\nmae = { max = 80',
            "model.demand.gates.production.approvals.count",
            "by names 1",
        ),
        (
            "mae = { max = 80",
            'approvals = { by = ["ada"] }\nmae = { max = 80',
            "model.demand.gates.production.approvals.by.0",
            "no e-mail",
        ),
        (
            "mae = { max = 80",
            'age = { max = "old" }\nmae = { max = 80',
            "model.demand.gates.production.age.max",
            "not a duration",
        ),
        (
            "mae = { max = 80",
            "latency_ms = 5\nmae = { max = 80",
            "model.demand.gates.production.latency_ms",
            "must be a table",
        ),
        (
            "mae = { max = 80",
            "size_mb = { max = -1 }\nmae = { max = 80",
            "model.demand.gates.production.size_mb.max",
            "above 0",
        ),
        (
            "mae = { max = 80",
            'schema = "compatibel"\nmae = { max = 80',
            "model.demand.gates.production.schema",
            "'compatibel' is unknown",
        ),
        (
            "mae = { max = 80",
            'after = "production"\nmae = { max = 80',
            "model.demand.gates.production.after",
            "wait for each other: production after production",
        ),
        ('"1 per 90d"', '"often"', "model.demand.monitor.false_alarms", "1 per 90d"),
        (
            "performance = { mae = { max = 100 } }",
            "performance = { mae = {} }",
            "model.demand.monitor.performance.mae",
            "max or min",
        ),
        ("age > '56d'", "age > '56q'", "model.demand.retrain.when.1", "not a duration"),
        ('"performance", "age', '"preformance", "age', "model.demand.retrain.when.0", "unknown"),
        (
            'season = { type = "category" }',
            'cnt = { type = "number" }',
            "model.demand.features.cnt",
            "target",
        ),
        ('season = { type = "category" }', "casual = {}", "model.demand.features.casual", "excluded"),
        (
            'season = { type = "category" }',
            'season = { type = "category", treatment = "hash" }',
            "model.demand.features.season.treatment",
            "ordinal or onehot",
        ),
        (
            "[model.demand]\n",
            "[model.Demand]\ndata='rides'\ntarget='cnt'\nestimator='a:b'\n[model.demand]\n",
            "model.Demand",
            "not valid",
        ),
    ],
)
def test_a_problem_is_told_at_its_key(old: str, new: str, key: str, says: str) -> None:
    assert old in WHOLE
    text = WHOLE.replace(old, new, 1)
    found = [problem for problem in problems(text) if problem["key"] == key]
    assert len(found) == 1
    assert says in found[0]["message"]


def test_a_problem_stands_on_the_line_of_its_key_in_inline_tables_too() -> None:
    text = WHOLE.replace("hr < 6 or hr > 22", "hr <").replace('"unique(instant)"', '"unique("')
    assert [problem["line"] for problem in problems(text)] == [line_of("checks ="), line_of("slices =")]


def test_an_expression_is_shown_with_a_caret() -> None:
    with pytest.raises(SpecInvalid) as caught:
        read_spec(WHOLE.replace("hr < 6 or hr > 22", "hr < 6 and and"), "mlctl.toml")
    lines = caught.value.message.splitlines()
    at = next(index for index, line in enumerate(lines) if line.strip() == "^")
    assert lines[at - 1][lines[at].index("^") :].startswith("and")


def test_broken_toml_is_named_by_line_and_column() -> None:
    found = only('spec = 1\n[project\nname = "x"\n')
    assert (found["line"], found["column"]) == (2, 9)


def test_toml_that_ends_too_early_is_named_by_its_last_line() -> None:
    assert only("spec = 1\nname = ")["line"] == 2


def test_a_file_of_a_newer_form_is_refused_for_that_alone() -> None:
    found = only('spec = 2\nnew_key = "x"\n')
    assert found["line"] == 1
    assert "spec = 2" in found["message"]


def test_a_missing_version_is_told() -> None:
    assert only(WHOLE.replace("spec = 1\n", "", 1))["key"] == "spec"


def test_an_empty_file_lacks_the_version_and_the_project() -> None:
    assert {problem["key"] for problem in problems("")} == {"spec", "project"}


def test_a_mistyped_table_does_not_hide_what_is_wrong_in_others() -> None:
    text = WHOLE.replace("[model.demand.eval]", "[model.demand.evl]").replace(
        'window = "182d"', 'window = "long"'
    )
    assert [problem["nearest"] for problem in problems(text)] == ["eval", None]


def test_columns_are_checked_where_the_spec_itself_names_them() -> None:
    names = ["instant", "dteday", "hr", "cnt", "season", "hum", "workingday", "casual"]
    text = f"{WHOLE}\n[data.rides.read]\nnames = {names}\n"
    assert {(problem["key"], problem["nearest"]) for problem in problems(text)} == {
        ("model.demand.exclude.1", None)
    }


def test_dates_and_numbers_may_stand_without_quotes_where_text_is_meant() -> None:
    split = '[model.demand.split]\nby = "time"\ntest = 2012-07-01\n'
    text = WHOLE.replace('[model.demand.split]\nby = "time"\ntest = "20%"\nembargo = "7d"\n', split)
    assert read_spec(text, "mlctl.toml").model["demand"].split.test == "2012-07-01"


def test_a_command_and_a_build_function_are_recipes_too() -> None:
    line = 'estimator = "sklearn.ensemble:HistGradientBoostingRegressor"'
    for recipe in ('build = "features.py:make_pipeline"', 'command = ["python", "train.py"]'):
        read_spec(WHOLE.replace(line, recipe), "mlctl.toml")


def test_a_test_dataset_must_be_declared() -> None:
    split = '[model.demand.split]\nby = "dataset"\ntest = "ride"\n'
    text = WHOLE.replace('[model.demand.split]\nby = "time"\ntest = "20%"\nembargo = "7d"\n', split)
    assert only(text)["nearest"] == "rides"


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        ("threshold = 1.5", "must be between 0 and 1"),
        ("costs = { false_positive = 0 }", "costs must be above 0"),
        ("threshold = 0.3\ncosts = { false_negative = 5 }", "exclude each other"),
    ],
)
def test_a_decision_without_sense_is_told(decision, said):
    text = f"""spec = 1
[project]
name = "small"
[data.loans]
path = "loans.csv"
[model.risk]
data = "loans"
target = "late"
task = "binary"
estimator = "sklearn.linear_model:LogisticRegression"
[model.risk.eval]
{decision}
"""
    with pytest.raises(SpecInvalid, match=said):
        read_spec(text, "mlctl.toml")
