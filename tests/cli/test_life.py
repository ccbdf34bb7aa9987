"""One life, every command, by the real program: the shapes that scripts rely on; second times do nothing."""

import csv
import http.client
import json
import math
import signal
import subprocess
import sys
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

pytestmark = pytest.mark.slow

SPEC = """\
spec = 1

[project]
name = "small"

[data.rides]
path = "rides.csv"
key = ["id"]
time = ["day"]
checks = ["unique(id)", "not_null(rides)"]

[model.demand]
data = "rides"
target = "rides"
task = "regression"
estimator = "sklearn.linear_model:LinearRegression"
baseline = "mean"
refit = "all"

[model.demand.split]
by = "time"
test = "25%"

[model.demand.eval]
metrics = ["mae", "r2"]
samples = 200
slices = { warm = "temp > 20" }

[model.demand.gates.production]
mae = { max = 50, incumbent = "not_worse" }

[model.demand.monitor]
window = "30d"
min_rows = 10
labels = { key = ["id"], delay = "1d" }
performance = { mae = { max = 40 } }

[model.demand.retrain]
when = ["performance"]
test = "14d"
"""


def row(number):
    """One day: the truth is a line over the temperature and the week, with a little that no line explains."""
    temp = 15 + 10 * math.sin(number / 30)
    workday = int(number % 7 < 5)
    day = (date(2025, 1, 1) + timedelta(days=number)).isoformat()
    return {
        "id": number,
        "day": day,
        "temp": round(temp, 2),
        "workday": workday,
        "rides": round(100 + 5 * temp + 30 * workday + number % 11),
    }


def write(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def ask(url, rows):
    """The server's answer."""
    host, _, port = url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    connection.request("POST", "/predict", json.dumps({"rows": rows}), {"content-type": "application/json"})
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    assert answer.status == 200, body
    return body


@pytest.fixture(scope="module")
def life(terminals, tmp_path_factory):
    """Every command once, some twice; what each said, by its name."""
    folder = tmp_path_factory.mktemp("life")
    terminal = terminals(folder)
    write(folder / "rides.csv", [row(number) for number in range(240)])
    (folder / "mlctl.toml").write_text(SPEC, encoding="utf-8")
    said = {}

    def do(name, *arguments, expect=(0,)):
        code, document = terminal.json(*arguments)
        assert code in expect, (arguments, document)
        said[name] = SimpleNamespace(code=code, document=document, data=document.get("data"))
        return document.get("data")

    do("init", "init")
    do("status new", "status")
    do("score new", "score")
    for again in ("", " again"):
        do(f"data add{again}", "data", "add", "rides.csv")
        do(f"train{again}", "train")
        do(f"eval{again}", "eval")
        do(f"promote{again}", "promote", "--to", "production")
    do("status", "status")
    do("plan", "plan")
    do("build", "build")
    do("data ls", "data", "ls")
    do("data log", "data", "log", "rides")
    do("data show", "data", "show", "rides@1")
    do("data status", "data", "status")
    do("data check", "data", "check")
    (folder / "rides.csv").unlink()
    do("data checkout", "data", "checkout", "rides")
    do("runs", "runs")
    do("models", "models")
    do("show", "show", "demand@1")
    served = serve(terminal, folder)
    said["answer"] = served
    do("blame", "blame", served["ids"][0])
    write(
        folder / "truth.csv",
        [{"id": number, "rides": row(number)["rides"] + 200} for number in range(240, 300)],
    )
    do("labels add", "labels", "add", "truth.csv")
    do("monitor", "monitor", expect=(0, 41))
    do("loop", "loop", "--once", expect=(0, 41))
    do("score", "score")
    write(
        folder / "new.csv",
        [{key: value for key, value in row(number).items() if key != "rides"} for number in range(300, 310)],
    )
    do("predict", "predict", "demand@production", "new.csv", "-o", "out.csv")
    do("log", "log")
    do("undo", "undo")
    do("redo", "redo")
    do("rollback dry", "rollback", "production", "--dry-run", expect=(0, 20))
    do("fsck", "fsck")
    do("spec explain", "spec", "explain")
    return said


def serve(terminal, folder):
    """Serve, ask sixty rows, stop with Ctrl-C; the last answer."""
    program = subprocess.Popen(
        [sys.executable, "-m", "mlctl", "serve", "--port", "0", "--json"],
        cwd=folder,
        env=terminal.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        started = json.loads(program.stdout.readline())
        assert started["event"] == "started", started
        rows = [
            {key: value for key, value in row(number).items() if key != "rides"} for number in range(240, 300)
        ]
        answer = ask(started["url"], rows)
    finally:
        program.send_signal(signal.SIGINT)
        _, err = program.communicate(timeout=60)
    assert "Traceback" not in err
    return answer


def has(value, /, **shape):
    """Whether the value has these keys with values of these types."""
    for key, kind in shape.items():
        assert key in value, (key, value)
        assert isinstance(value[key], kind), (key, value[key])
    return True


MAYBE = (int, type(None))
NUMBER = (int, float)


def test_every_success_is_the_envelope_of_its_command(life):
    for name, one in life.items():
        if name == "answer":
            continue
        words = name.removesuffix(" again").removesuffix(" new").removesuffix(" dry")
        if one.document["ok"]:
            assert set(one.document) == {"ok", "schema", "data", "warnings", "next"}, name
            assert one.document["schema"] == f"mlctl.{words.replace(' ', '.')}/1"
        else:
            assert one.document["schema"] == "mlctl.error/1"
            assert one.document["error"]["exit"] == one.code


@pytest.mark.parametrize("name", ["data add", "train", "eval", "promote"])
def test_the_second_time_changes_nothing_and_says_so(life, name):
    assert life[name].data["changed"] is True
    assert life[f"{name} again"].data["changed"] is False


def test_train_eval_and_promote_have_the_promised_shapes(life):
    assert has(
        life["train"].data, run=str, model=str, version=int, changed=bool, seconds=NUMBER, metrics=dict
    )
    evaluation = life["eval"].data
    assert has(
        evaluation,
        model=str,
        version=int,
        dataset=dict,
        rows=int,
        metrics=dict,
        slices=dict,
        baseline=dict,
        incumbent=dict,
    )
    assert has(evaluation["metrics"]["mae"], value=NUMBER, low=NUMBER, high=NUMBER)
    assert has(evaluation["slices"]["warm"], rows=int, metrics=dict)
    assert has(evaluation["dataset"], name=str, version=int)
    assert evaluation["incumbent"]["verdict"] in {"better", "worse", "cannot_tell", "none"}
    promoted = life["promote"].data
    assert has(promoted, model=str, stage=str, version=int, previous=MAYBE, decision=int, changed=bool)
    assert (promoted["stage"], promoted["version"], promoted["previous"]) == ("production", 1, None)


def test_lists_have_the_promised_shapes(life):
    (model,) = life["models"].data["models"]
    assert has(model["versions"][0], version=int, run=str, created=str, digest=str, stages=list)
    assert model["versions"][0]["stages"] == ["production"]
    run = life["runs"].data["runs"][0]
    assert has(
        run,
        run=str,
        model=str,
        version=MAYBE,
        status=str,
        started=str,
        seconds=NUMBER,
        params=dict,
        metrics=dict,
        data=list,
    )
    assert has(run["code"], dirty=bool)
    dataset = life["data ls"].data["datasets"][0]
    assert has(
        dataset, name=str, version=int, path=str, rows=int, columns=int, bytes=int, md5=str, created=str
    )
    decision = life["log"].data["decisions"][0]
    assert has(decision, number=int, time=str, actor=dict, command=str, changes=list, sha256=str)
    assert {"reason", "parent"} <= set(decision)
    assert {"name", "old", "new"} <= set(decision["changes"][0])


def test_status_and_plan_agree_before_and_after(life):
    new, now = life["status new"].data, life["status"].data
    assert new["clean"] is False
    assert new["models"][0]["stages"] == {}
    assert has(new["models"][0]["stale"][0], what=str, why=str, next=str)
    assert now["clean"] is True, now
    assert now["models"][0]["stages"] == {"production": 1}
    assert {step["state"] for step in life["plan"].data["steps"]} == {"fresh"}
    for step in life["build"].data["steps"]:
        assert has(step, step=str, state=str, why=list)


def test_an_answer_is_traced_to_rows_and_code(life):
    answer, blamed = life["answer"], life["blame"].data
    assert has(answer, predictions=list, ids=list, model=str, version=int, digest=str)
    assert has(
        blamed,
        prediction=str,
        time=str,
        input=dict,
        model=str,
        version=int,
        digest=str,
        datasets=list,
        code=dict,
        verified=bool,
    )
    assert {"decision", "evaluation", "run", "output"} <= set(blamed)
    assert blamed["digest"] == answer["digest"]
    assert blamed["prediction"] == answer["ids"][0]
    assert blamed["verified"] is True


def test_the_monitor_sees_the_change_and_the_loop_acts(life):
    seen, loop = life["monitor"], life["loop"]
    assert has(seen.data, model=str, version=int, windows=list, alarm=bool)
    window = seen.data["windows"][0]
    assert has(window, start=str, end=str, rows=int, labelled=int, alarms=list, performance=dict)
    assert seen.data["alarm"] is True
    assert seen.code == 41
    alarm = next(alarm for window in seen.data["windows"] for alarm in window["alarms"])
    assert {"kind", "column", "method", "value", "threshold", "p_value"} <= set(alarm)
    assert {"alarm", "actions", "before", "after"} <= set(loop.data)
    for action in loop.data["actions"]:
        assert has(action, action=str, result=str)


def test_undo_and_redo_come_back_to_where_they_began(life):
    assert life["undo"].code == life["redo"].code == 0
    assert life["fsck"].code == 0


def test_scoring_a_file_writes_a_row_for_each(life):
    assert has(life["predict"].data, model=str, version=int, rows=int, output=str)
    assert life["predict"].data["rows"] == 10


def test_the_score_grows_with_what_has_been_done(life):
    assert life["score new"].data["open"] == 28
    points = {item["item"]: item["points"] for item in life["score"].data["items"] if item["points"]}
    assert points["model_5"] == points["infra_4"] == 1
    half = {name for name, worth in points.items() if worth == 0.5}
    assert half >= {"model_2", "infra_3", "infra_5", "monitor_2", "monitor_3", "monitor_6", "monitor_7"}
