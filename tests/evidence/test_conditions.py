"""What a stage's gates ask besides metrics."""

import msgspec
import pytest

from mlctl.domain.errors import GateRefused
from mlctl.domain.evaluation import Evaluation
from mlctl.domain.records import encode
from mlctl.domain.requests.eval import EvalRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.show import ShowRequest
from mlctl.domain.requests.status import StatusRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.domain.run import Run
from mlctl.domain.spec import ModelSpec
from mlctl.domain.spec_kept import kept_spec
from mlctl.verbs.eval import eval as evaluate
from mlctl.verbs.promote import promote
from mlctl.verbs.show import show
from mlctl.verbs.status import status
from mlctl.verbs.train import train
from mlctl.verbs.undo import undo
from tests.verbs.learner import GATES, RIDGE, rows, spec

RIDGED = f'estimator = "{RIDGE}"'
HUNGRY = """\
import numpy as np


class Hungry:
    def fit(self, matrix, target):
        self.mean = np.array([target.mean()])
        self.slope = np.linalg.lstsq(np.c_[matrix, np.ones(len(matrix))], target, rcond=None)[0]
        return self

    def predict(self, matrix):
        if len(matrix) > 20:  # not where a row alone is timed
            np.ones(25_000_000)
        return (matrix * self.slope[:-1]).sum(axis=1) + self.slope[-1]


def make():
    return Hungry()
"""
"""Asked for many rows it needs 200 MB for a moment."""


def declare(learner, keys):
    """Gates of production that ask for these keys."""
    learner.write("mlctl.toml", spec(refit="none", gates=f"[model.demand.gates.production]\n{keys}"))


def ready(learner, keys, **train_with):
    """A trained version under gates of production that ask for these keys."""
    declare(learner, keys)
    return train(learner.session(), TrainRequest(**train_with)).data


def promoted(learner, **request):
    return promote(learner.session(), PromoteRequest(**request)).data


def refusals(learner, **request):
    """The reasons by gate; promoting must be refused."""
    with pytest.raises(GateRefused) as raised:
        promoted(learner, **request)
    return {reason["gate"]: reason["why"] for reason in raised.value.facts["reasons"]}


class TestOrder:
    def test_a_stage_out_of_order_is_refused_until_the_version_has_held_the_one_before(self, learner):
        ready(learner, 'after = "staging"\n')
        assert refusals(learner) == {"after": "demand@1 has not held staging, which comes before production"}
        promoted(learner, to="staging")
        found = promoted(learner)
        entry = learner.session().repository.decisions.get(found.decision).entry
        assert [one["gate"] for one in entry.evidence["held"]] == ["after"]
        assert "demand@1 has held staging" in entry.evidence["held"][0]["why"]

    def test_another_version_of_the_stage_before_does_not_count_and_an_earlier_one_does(self, learner):
        ready(learner, 'after = "staging"\n')
        promoted(learner, to="staging")
        train(learner.session(), TrainRequest(set=("alpha=0.5",)))
        assert "after" in refusals(learner, model="demand@2")
        promoted(learner, model="demand@2", to="staging")
        assert promoted(learner, model="demand@1").changed

    def test_a_promotion_that_was_undone_is_no_holding(self, learner):
        ready(learner, 'after = "staging"\n')
        promoted(learner, to="staging")
        undo(learner.session(), UndoRequest())
        assert "after" in refusals(learner)

    def test_force_overrides_it_and_the_record_says_so(self, learner):
        ready(learner, 'after = "staging"\n')
        found = promoted(learner, force=True, reason="an outage")
        assert (found.forced, [one.gate for one in found.reasons]) == (True, ["after"])

    def test_eval_says_what_promote_would_and_status_does_not_offer_it(self, learner):
        ready(learner, 'after = "staging"\n')
        gates = evaluate(learner.session(), EvalRequest()).data.gates
        assert (gates["passed"], [one["gate"] for one in gates["reasons"]]) == (False, ["after"])
        offered = [one.what for one in status(learner.session(), StatusRequest()).data.models[0].stale]
        assert "promote demand" not in offered


def test_a_run_of_before_kept_its_gates_as_metrics_alone_and_is_read(learner):
    learner.write("mlctl.toml", spec(refit="none", gates=GATES))
    train(learner.session(), TrainRequest())
    repository = learner.session().repository
    run = repository.facts.all(Run)[0][1]
    today = kept_spec(repository.objects.read(run.spec))
    old = msgspec.to_builtins(today)
    old["gates"] = {stage: gates["rules"] for stage, gates in old["gates"].items()}
    assert isinstance(today, ModelSpec)
    assert kept_spec(encode(old)) == today
    assert today.gates["production"].rules["mae"].incumbent == "not_worse"


def pair(learner, keys, change, **train_with):
    """Production holds version 1; version 2 is trained after `change` and asked under gates of these keys."""
    ready(learner, "")
    promoted(learner)
    change(learner)
    return ready(learner, keys, **train_with)


def edited(**columns):
    """Writes the table with some columns by other rules of their text."""

    def act(learner):
        lines = (learner.root / "data/rides.csv").read_text().splitlines()
        names = lines[0].split(",")
        kept = [name for name in names if columns.get(name, "") is not None]
        kept += [name for name in columns if name not in names]
        table = [dict(zip(names, line.split(","), strict=True)) for line in lines[1:]]
        new = [",".join(kept)]
        for number, row in enumerate(table):
            row |= {name: make(row.get(name), number) for name, make in columns.items() if make is not None}
            new.append(",".join(row[name] for name in kept))
        learner.write("data/rides.csv", "\n".join(new) + "\n")

    return act


class TestSchema:
    ASKED = 'schema = "compatible"\n'

    def test_a_model_that_takes_the_same_requests_is_tried_with_them_and_passes(self, learner):
        pair(learner, self.ASKED, lambda _: None, set=("alpha=0.5",))
        found = promoted(learner)
        (held,) = found.held
        assert held.gate == "schema"
        assert "takes every request that version 1 takes; " in held.why
        evaluation = learner.session().repository.facts.get(Evaluation, found.evaluation)
        assert evaluation.replay.rows >= 1
        assert evaluation.replay.digest == learner.session().repository.decisions.names().value(
            "models/demand/1"
        )

    def test_rows_that_a_refit_is_watched_by_are_put_to_the_candidate(self, learner):
        learner.write("mlctl.toml", spec(gates=f"[model.demand.gates.production]\n{self.ASKED}"))
        train(learner.session(), TrainRequest())
        promoted(learner)
        train(learner.session(), TrainRequest(set=("alpha=0.5",)))
        (held,) = promoted(learner).held
        assert "; 201 were tried" in held.why  # the example, and every second of 400 rows

    @pytest.mark.parametrize(
        ("change", "column", "why"),
        [
            ({"wind": None}, "wind", "no column of the new model"),
            ({"rain": lambda _, n: str(n % 3)}, "rain", "was never asked for"),
            ({"wind": lambda _, n: ("calm", "storm")[n % 2]}, "wind", "was number and has to be string"),
        ],
    )
    def test_a_column_whose_requests_would_be_refused_is_named(self, learner, change, column, why):
        pair(learner, self.ASKED, edited(**change))
        with pytest.raises(GateRefused) as raised:
            promoted(learner)
        said = [reason["why"] for reason in raised.value.facts["reasons"] if reason["gate"] == "schema"]
        assert [one for one in said if f": {column}: " in one and why in one]

    def test_a_column_that_could_be_missing_and_cannot_any_more_is_named(self, learner):
        original = rows()
        edited(wind=lambda value, n: "" if n % 5 == 0 else value)(learner)
        pair(learner, self.ASKED, lambda one: one.write("data/rides.csv", original))
        assert "wind: it could be left out or null" in refusals(learner)["schema"]

    def test_where_the_stage_holds_nothing_there_is_nothing_to_compare_with(self, learner):
        ready(learner, self.ASKED)
        assert [one.gate for one in promoted(learner).skipped if one.gate == "schema"] == ["schema"]


class TestMeasured:
    def test_size_and_speed_are_measured_stored_shown_and_limited(self, learner):
        ready(learner, "size_mb = { max = 50 }\nlatency_ms = { max = 10000 }\n")
        shown = evaluate(learner.session(), EvalRequest()).data
        assert shown.in_use.bytes > 100
        assert shown.in_use.latency_ms > 0
        assert shown.in_use.runs >= 5
        found = promoted(learner)
        assert [(one.gate, one.limit) for one in found.held] == [("size_mb", 50.0), ("latency_ms", 10000.0)]
        assert found.held[0].value == shown.in_use.bytes / 1e6
        related = show(learner.session(), ShowRequest(selector="demand@1")).data.related
        assert related["evaluations"][-1]["in_use"] == shown.in_use.told

    def test_too_large_and_too_slow_are_two_reasons_with_the_numbers(self, learner):
        ready(learner, "size_mb = { max = 0.00001 }\nlatency_ms = { max = 0.0000001 }\n")
        assert set(refusals(learner)) == {"size_mb", "latency_ms"}

    def test_memory_is_that_of_the_model_and_its_answers(self, learner):
        learner.write("own.py", HUNGRY)
        built = 'build = "own.py:make"'
        gates = "memory_mb = { max = 150 }\n"
        ready(learner, gates)
        small = evaluate(learner.session(), EvalRequest()).data.in_use
        assert small.memory < 40_000_000
        assert f"of memory for {small.rows} rows" in small.told
        assert [one.gate for one in promoted(learner).held] == ["memory_mb"]
        learner.write("mlctl.toml", (learner.root / "mlctl.toml").read_text().replace(RIDGED, built))
        train(learner.session(), TrainRequest())
        large = evaluate(learner.session(), EvalRequest()).data.in_use
        assert 190_000_000 < large.memory < 300_000_000
        assert "more than 150" in refusals(learner)["memory_mb"]

    def test_an_evaluation_from_before_memory_was_measured_is_made_again(self, learner):
        ready(learner, "size_mb = { max = 50 }\n")
        session = learner.session()
        first = evaluate(session, EvalRequest()).data.evaluation
        known = session.repository.facts.get(Evaluation, first)
        bare = msgspec.structs.replace(known.in_use, memory=None, rows=0)
        later = learner.session().now()
        session.repository.facts.add(msgspec.structs.replace(known, in_use=bare, created_at=later))
        assert "of memory" not in evaluate(learner.session(), EvalRequest()).data.in_use.told
        declare(learner, "size_mb = { max = 50 }\nmemory_mb = { max = 500 }\n")
        assert {one.gate for one in promoted(learner).held} == {"size_mb", "memory_mb"}

    def test_an_evaluation_of_before_the_gate_is_made_again(self, learner):
        ready(learner, "")
        first = evaluate(learner.session(), EvalRequest()).data.evaluation
        ready(learner, "latency_ms = { max = 10000 }\n")
        assert evaluate(learner.session(), EvalRequest()).data.evaluation != first


class TestAge:
    def test_the_newest_row_counts_and_the_reason_says_that_it_is_one(self, learner):
        ready(learner, 'age = { max = "30d" }\n')  # rows of 2011, asked in 2030
        why = refusals(learner)["age"]
        assert why.startswith("the newest row that it learns from is of 2011-")
        assert why.endswith("longer ago than 30d")
        ready(learner, 'age = { max = "1500w" }\n')
        assert [one.gate for one in promoted(learner).held] == ["age"]

    def test_a_refit_learns_from_the_test_rows_too(self, learner):
        learner.write("mlctl.toml", spec(gates='[model.demand.gates.production]\nage = { max = "1500w" }\n'))
        train(learner.session(), TrainRequest())
        (held,) = promoted(learner).held
        assert "is of 2012-02-04" in held.why

    def test_rows_without_time_are_as_old_as_their_dataset(self, learner):
        text = spec(refit="none", gates='[model.demand.gates.production]\nage = { max = "1h" }\n')
        learner.write(
            "mlctl.toml", text.replace('time = ["day"]\n', "").replace('by = "time"', 'by = "random"')
        )
        train(learner.session(), TrainRequest())
        (held,) = promoted(learner).held
        assert "rows have no time, and their dataset was added 2030-01-01" in held.why


class TestDataChecks:
    def test_checks_that_hold_are_told_and_one_that_does_not_refuses_with_the_row(self, learner):
        gates = "[model.demand.gates.production]\ndata_checks = true\n"
        text = spec(refit="none", gates=gates)
        learner.write("mlctl.toml", text)
        train(learner.session(), TrainRequest())
        assert "have no checks" in refusals(learner)["data_checks"]
        key = 'key = ["id"]\n'
        learner.write("mlctl.toml", text.replace(key, f'{key}checks = ["between(rides, 0, 1)"]\n'))
        assert "check between(rides, 0, 1) does not hold" in refusals(learner)["data_checks"]
        learner.write("mlctl.toml", text.replace(key, f'{key}checks = ["unique(id)"]\n'))
        (held,) = promoted(learner).held
        assert held.why == "1 check holds on rides"
