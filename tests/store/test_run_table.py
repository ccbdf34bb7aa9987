"""The table of runs says what the facts say: as they come and go, and when its file is damaged."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlctl.domain.expression import parse
from mlctl.domain.ids import Digest
from mlctl.domain.listing import holds, sort_key
from mlctl.domain.run import CodeState, Environment, Run
from mlctl.store.layout import Layout
from mlctl.store.run_sql import sql_of
from mlctl.store.run_table import RunTable, flat, line_of
from tests.store import full

RUN = Run(
    created_at=full.T,
    run=full.new_id(0),
    model="demand",
    purpose="train",
    status="finished",
    started_at=full.T,
    seconds=1.5,
    cache_key=full.ANY,
    spec=full.ANY,
    seed=7,
    parameters={},
    metrics={},
    data=(),
    code=CodeState(commit=None, dirty=False),
    environment=Environment(python="3.11", platform="linux", machine="x", cpus=2, packages={}),
    command="mlctl train",
)
VALUES = st.one_of(
    st.integers(-3, 3), st.sampled_from([0.5, -1.5, "a", "b", "1", "", True, False, None, [1, 2], 2**70])
)
LITERALS = st.sampled_from(["-2", "0", "1", "1.0", "0.5", "'a'", "'1'", "''", "true", "false", str(2**70)])
NAMES = st.sampled_from(["x", "params.y", "mae", "status", "seed", "dirty", "z"])


@st.composite
def conditions(draw, depth=2):
    if depth and draw(st.booleans()):
        left, right = draw(conditions(depth - 1)), draw(conditions(depth - 1))
        return f"({left} {draw(st.sampled_from(['and', 'or']))} {right})"
    name, literal = draw(NAMES), draw(LITERALS)
    form = draw(st.integers(0, 5))
    text = [
        f"{name} {draw(st.sampled_from(['=', '!=', '<', '<=', '>', '>=']))} {literal}",
        f"{name} is null",
        f"{name} in ({literal}, {draw(LITERALS)})",
        f"{name} between {literal} and {draw(LITERALS)}",
        f"{name} is not null",
        f"{name} = {literal}",
    ][form]
    return f"not ({text})" if draw(st.booleans()) else text


def run_of(number, **changed):
    fields = {
        "run": full.new_id(number),
        "started_at": f"2026-11-01T00:00:{number % 60:02d}.000Z",
        "parameters": {},
        "metrics": {"mae": float(number), "baseline.mae": 9.0},
    }
    return msgspec.structs.replace(RUN, **{**fields, **changed})


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    return full.session(tmp_path_factory.mktemp("runs")).repository


class Runs(dict):
    """Runs by digest, and a folder that names them."""

    def __init__(self, layout, runs):
        super().__init__({Digest(f"{number:064x}"): run for number, run in enumerate(runs)})
        folder = layout.facts / "runs"
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        for digest in self:
            (folder / f"{digest}.json").touch()


def table_of(tmp_path_factory, runs):
    layout = Layout(tmp_path_factory.mktemp("table"))
    there = Runs(layout, runs)
    return RunTable(layout, lambda digests: ((digest, there[digest]) for digest in digests))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(VALUES, VALUES, st.booleans(), st.sampled_from([None, 1.5, 2.5])), min_size=1, max_size=8
    ),
    conditions(),
    st.sampled_from([None, "x", "-params.y", "mae", "-mae", "status"]),
)
def test_sql_means_what_python_means(tmp_path_factory, rows, text, sort):
    runs = [
        run_of(
            number,
            parameters={"x": x, "y": y},
            metrics={"mae": mae},
            status="failed" if number % 3 else "finished",
            code=msgspec.structs.replace(RUN.code, dirty=dirty),
        )
        for number, (x, y, dirty, mae) in enumerate(rows)
    ]
    table = table_of(tmp_path_factory, runs)
    node = parse(text)
    lines = sorted((line_of(run) for run in runs), key=lambda line: (line.started, line.run), reverse=True)
    expected = [line for line in lines if holds(node, flat(line))]
    found = table.select(model=None, where=node, sort=sort, limit=0)
    table.close()
    if found is None:  # asked in Python, and then there is nothing to compare
        return
    if sort is not None:
        name = sort.removeprefix("-")
        present = [line for line in expected if flat(line).get(name) is not None]
        present.sort(key=lambda line: sort_key(flat(line), name), reverse=sort.startswith("-"))
        expected = present + [line for line in expected if flat(line).get(name) is None]
    assert [line.run for line in found[0]] == [line.run for line in expected]


@pytest.mark.parametrize(
    "text",
    [
        "mae < 3 and params.x >= 1",
        "status = 'failed' or not mae is null",
        "x in (1, 2, 'a') and seed between -1 and 5",
    ],
)
def test_the_usual_questions_are_asked_in_sql(text):
    assert sql_of(parse(text), lambda name: f'"{name}"') is not None


@pytest.mark.parametrize("text", ["abs(mae) < 3", "mae + 1 < 3", "status like 'f%'", "not dirty", "mae < r2"])
def test_the_others_are_asked_in_python(text):
    assert sql_of(parse(text), lambda name: f'"{name}"') is None


def test_names_are_no_sql(tmp_path_factory):
    name = 'x" from lines; drop table runs; --'
    table = table_of(tmp_path_factory, [run_of(1, parameters={name: 7, "o'k": "it's"})])
    where = parse('"x"" from lines; drop table runs; --" = 7 and "o\'k" = \'it\'\'s\'')
    (line,), total = table.select(model="demand", where=where, sort=name, limit=5)
    assert (line.params[name], total) == (7, 1)
    table.close()


def test_what_comes_and_goes_is_seen_and_a_damaged_file_is_made_anew(repository):
    table = repository.run_table
    before = table.select(model=None, where=None, sort=None, limit=0)[1]
    run = run_of(1000, parameters={"new": 1})
    digest = repository.facts.add(run)
    assert "params.new" in table.names()
    (line,), total = table.select(model=None, where=parse("new = 1"), sort=None, limit=3)
    assert (line.run, total) == (run.run, before + 1)
    assert table.of([run.run, full.new_id(7)]) == {run.run: line}
    table.close()
    (repository.layout.index / "runs-1.sqlite").write_bytes(b"no database " * 100)
    assert table.select(model=None, where=None, sort=None, limit=1)[1] == before + 1
    repository.layout.fact("runs", digest).unlink()
    assert table.select(model=None, where=None, sort=None, limit=1)[1] == before
    table.close()


def test_more_names_than_columns_are_still_found(tmp_path_factory, monkeypatch):
    monkeypatch.setattr("mlctl.store.run_table._MOST_COLUMNS", 20)
    runs = [run_of(number, parameters={f"p{number}-{at}": at for at in range(20)}) for number in range(3)]
    table = table_of(tmp_path_factory, runs)
    assert table.select(model=None, where=parse('"p2-19" = 19'), sort=None, limit=0) is None
    assert len(table.select(model=None, where=None, sort=None, limit=0)[0]) == 3
    assert "p2-19" in table.names()
    table.close()
