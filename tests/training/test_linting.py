"""What `train` refuses and warns of before it fits, and that what it says to write instead works as typed."""

import re

import msgspec
import numpy as np
import pytest
from pyarrow.csv import read_csv

from mlctl.cli.render.show_tree import run_tree
from mlctl.domain.errors import UsageError
from mlctl.domain.requests.runs import RunsRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.run import Run
from mlctl.verbs.runs import runs
from mlctl.verbs.train import train
from tests.verbs.learner import spec

RANDOM = 'by = "random"\ntest = "20%"'


def split_by(split, text=None):
    before, _, rest = (text or spec()).partition("[model.demand.split]")
    rest = rest.partition("[model.demand.eval]")[2]
    return f"{before}[model.demand.split]\n{split}\n\n[model.demand.eval]{rest}"


def with_column(learner, name, values, rows=None):
    """The project's table with a further column; None is an empty cell."""
    path = learner.root / "data/rides.csv"
    lines = path.read_text().splitlines()
    cells = ["" if value is None else str(value) for value in values]
    body = [f"{line},{cell}" for line, cell in zip(lines[1:], cells, strict=True)]
    learner.write("data/rides.csv", "\n".join([f"{lines[0]},{name}", *(rows(body) if rows else body)]) + "\n")


def lagged(learner, by=1):
    y = read_csv(learner.root / "data/rides.csv").column("rides").to_pylist()
    with_column(learner, "yesterday", [None] * by + y[:-by])


def trained(learner, split, text=None, **request):
    learner.write("mlctl.toml", split_by(split, text))
    return train(learner.session(), TrainRequest(**request))


def said(outcome, word):
    return [warning for warning in outcome.warnings if word in warning]


@pytest.mark.parametrize("split", [RANDOM, 'by = "random"\ntest = "20%"\nfolds = 5'])
def test_a_random_split_of_rows_with_a_lag_is_refused_and_the_split_to_write_works(learner, split):
    lagged(learner)
    with pytest.raises(UsageError) as raised:
        trained(learner, split)
    message = raised.value.message
    assert "yesterday is rides 1 row before its own" in message
    assert raised.value.facts["findings"][0]["columns"] == ["yesterday"]
    assert raised.value.hints == ("mlctl spec explain model.demand.split",)
    typed = re.search(r"\[model.demand.split\]\n((?:  .*\n)+)", message)[1]
    assert trained(learner, typed).data.version == 1
    assert [run.status for run in runs(learner.session(), RunsRequest()).data.runs] == ["finished", "failed"]


def test_what_is_meant_is_accepted_and_kept_in_the_notes(learner):
    lagged(learner)
    outcome = trained(learner, RANDOM + '\naccept = ["serial"]')
    assert not said(outcome, "yesterday")
    run = learner.session().repository.facts.where(Run, run=outcome.data.run)[0][1]
    assert [(one["kind"], one["columns"]) for one in run.notes["lint"]] == [("serial", ["yesterday"])]


@pytest.mark.parametrize("by", ["random", "stratified"])
def test_a_target_that_follows_its_neighbour_is_refused_by_name_of_the_test(learner, by):
    y = 0.0
    random, values = np.random.default_rng(0), []
    for _ in range(400):
        y = 0.95 * y + random.normal()
        values.append(round(y, 3) if by == "random" else "up" if y > 0 else "down")
    with_column(learner, "level", values)
    text = spec(gates="").replace('target = "rides"', 'target = "level"\nexclude = ["rides"]')
    text = text.replace('baseline = "mean"\n', "").replace('metrics = ["mae", "r2"]', "metrics = []")
    text = text if by == "random" else text.replace("linear_model:Ridge", "linear_model:LogisticRegression")
    with pytest.raises(UsageError, match="Wald and Wolfowitz 1943"):
        trained(learner, f'by = "{by}"\ntest = "20%"', text)


def test_a_time_that_is_not_declared_is_named_in_what_to_write(learner):
    lagged(learner)
    text = spec().replace('time = ["day"]\n', "").replace("seed = 3", 'seed = 3\nexclude = ["day"]')
    with pytest.raises(UsageError, match=r'\[data.rides\]\n  time = \["day"\]'):
        trained(learner, RANDOM, text)


def test_independent_rows_may_be_split_at_random(learner):
    outcome = trained(learner, RANDOM)
    assert len(outcome.warnings) == 1
    assert "had no version yet" in outcome.warnings[0]


def test_a_split_by_time_of_rows_with_a_lag_is_nothing_to_warn_of(learner):
    lagged(learner)
    assert not said(trained(learner, 'by = "time"\ntest = "25%"'), "yesterday")


def test_a_column_of_later_rows_is_warned_of_whatever_the_split(learner):
    y = read_csv(learner.root / "data/rides.csv").column("rides").to_pylist()
    with_column(learner, "tomorrow", [*y[1:], None])
    warning = said(trained(learner, 'by = "time"\ntest = "25%"'), "tomorrow")[0]
    assert "not known yet" in warning
    assert 'exclude = ["tomorrow"]' in warning


def test_columns_that_give_the_answer_away_are_named_with_the_exclude_to_write(learner):
    y = read_csv(learner.root / "data/rides.csv").column("rides").to_pylist()
    with_column(learner, "metres", [value * 1000 for value in y])
    outcome = trained(learner, 'by = "time"\ntest = "25%"')
    written = re.search(r"write (exclude = .*?\]),", said(outcome, "metres gives rides away")[0])[1]
    again = trained(learner, 'by = "time"\ntest = "25%"', spec().replace("seed = 3", f"seed = 3\n{written}"))
    assert not said(again, "away")
    meant = trained(learner, 'by = "time"\ntest = "25%"\naccept = ["giveaway"]')
    assert not said(meant, "away")


def test_equal_rows_on_both_sides_are_counted_with_examples(learner):
    def repeated(body):
        """The last twenty rows say of another day what the first twenty said."""
        return [
            *body[:380],
            *(
                ",".join([*new.split(",")[:2], *old.split(",")[2:]])
                for new, old in zip(body[380:], body, strict=False)
            ),
        ]

    with_column(learner, "more", [0] * 400, repeated)
    warning = said(trained(learner, 'by = "time"\ntest = "25%"'), "equal a training row")[0]
    assert "20 of 100 test rows (20.0%)" in warning
    assert "20 of them in rides too" in warning
    assert "id 0 and id 380" in warning
    assert not said(trained(learner, 'by = "time"\ntest = "25%"\naccept = ["duplicates"]'), "equal")


def test_rows_of_one_key_on_both_sides_are_counted(learner):
    lines = (learner.root / "data/rides.csv").read_text().splitlines()
    body = [",".join([str(n % 350), *line.split(",")[1:]]) for n, line in enumerate(lines[1:])]
    learner.write("data/rides.csv", "\n".join([lines[0], *body]) + "\n")
    warning = said(trained(learner, 'by = "time"\ntest = "25%"'), "key of a training row")[0]
    assert "50 of 100 test rows" in warning
    assert "id 0 and id 0" in warning


def test_a_dataset_of_its_own_is_compared_with_the_rows_learnt_from(learner):
    lines = (learner.root / "data/rides.csv").read_text().splitlines()
    learner.write("data/held.csv", "\n".join([lines[0], *lines[301:341], *lines[1:11]]) + "\n")
    learner.write("data/rides.csv", "\n".join(lines[:301]) + "\n")
    text = spec().replace("[model.demand]", '[data.held]\npath = "data/held.csv"\n\n[model.demand]', 1)
    outcome = trained(learner, 'by = "dataset"\ntest = "held"', text)
    assert "10 of 50 test rows (20.0%) equal a training row" in said(outcome, "equal")[0]


def test_what_was_found_is_told_again_where_nothing_is_fitted(learner):
    y = read_csv(learner.root / "data/rides.csv").column("rides").to_pylist()
    with_column(learner, "metres", [value * 1000 for value in y])
    first = trained(learner, 'by = "time"\ntest = "25%"')
    second = train(learner.session(), TrainRequest())
    assert not second.data.changed
    assert said(second, "metres gives rides away")
    run = learner.session().repository.facts.where(Run, run=first.data.run)[0]
    tree = run_tree(
        "run", run[0], msgspec.to_builtins(run[1]), {"models": [], "datasets": [], "reproductions": []}
    )
    assert any("suspicious" in line and "metres" in line for line in tree)


def test_a_loop_is_not_stopped_by_what_is_refused_by_hand(learner):
    lagged(learner)
    outcome = trained(learner, RANDOM, purpose="loop")
    assert outcome.data.version == 1
    assert "yesterday is rides" in said(outcome, "yesterday")[0]
