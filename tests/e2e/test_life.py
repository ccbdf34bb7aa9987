"""Whole lives by the real program: the template's bikes, a table of one's own, the census's incomes."""

import csv
import gzip
import json
import math
import shutil
import subprocess
import time

import numpy as np
import pytest

from tests.e2e.hints import broken
from tests.e2e.projects import ROOT, Terminal, environment, forked

pytestmark = pytest.mark.slow

ADULT = ROOT.parent / "shared" / "data" / "adult_income"
NUMBER = (int, float)
MAYBE = (int, type(None))
INTERVAL = {"value": NUMBER, "low": NUMBER, "high": NUMBER}
PATH = ("data add", "train", "eval", "promote")


def has(value, /, **shape):
    """Every key is there with a value of its type; of a nested shape too."""
    for key, kind in shape.items():
        assert key in value, (key, sorted(value))
        if isinstance(kind, dict):
            has(value[key], **kind)
        else:
            assert isinstance(value[key], kind), (key, value[key])
    return True


class Life:
    """A project and what each of its commands said."""

    def __init__(self, terminal):
        self.terminal = terminal
        self.said = {}
        self.took = {}

    def do(self, name, *arguments, expect=(0,)):
        began = time.monotonic()
        document = self.terminal.json(*arguments, expect=expect)
        self.took[name] = time.monotonic() - began
        self.said[name] = document
        return document.get("data")

    def path(self, data):
        """The five commands, each twice."""
        for again in ("", " again"):
            self.do(f"data add{again}", "data", "add", data)
            self.do(f"train{again}", "train")
            self.do(f"eval{again}", "eval")
            self.do(f"promote{again}", "promote", "--to", "production")


def example(client):
    """A row that the server itself gives as an example."""
    status, body = client.send("GET", "/model")
    assert status == 200
    return client.started.get("example") or json.loads(body)["example"]


@pytest.fixture(scope="module")
def bikes(tmp_path_factory):
    """The whole show of the bike template."""
    home = Terminal(tmp_path_factory.mktemp("life"))
    made = home.data("init", "bikes", "--template", "bike-demand")
    life = Life(Terminal(home.folder / "bikes"))
    life.said["init"] = {"data": made}
    life.path("data/hour.csv")
    with life.terminal.serving() as client:
        rows = last_rows(life.terminal.folder / "data/hour.csv", 200)
        life.answers = [client.predict({"rows": rows[:150]}), client.predict(rows[150])]
        life.health = [client.send("GET", path)[0] for path in ("/health/live", "/health/ready", "/metrics")]
        life.example = client.predict(example(client))
    life.do("blame", "blame", life.answers[0][1]["ids"][0])
    with (life.terminal.folder / "truth.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([["instant", "cnt"], *([row["instant"], 500] for row in rows)])
    life.do("labels", "labels", "add", "truth.csv")
    for name in ("status", "runs", "models", "plan", "build", "log"):
        life.do(name, name)
    life.do("data ls", "data", "ls")
    life.do("monitor", "monitor", expect=(0, 41))
    life.do("loop", "loop", "--once", expect=(0, 41))
    life.do("fsck", "fsck")
    return life


def last_rows(path, count):
    """The newest rows of the bikes' table as requests: numbers as numbers, and no answers."""
    with path.open(newline="") as file:
        table = list(csv.DictReader(file))[-count:]
    left_out = {"cnt", "casual", "registered", "yr"}
    return [
        {
            name: text if name == "dteday" else json.loads(text)
            for name, text in row.items()
            if name not in left_out
        }
        for row in table
    ]


def test_every_document_is_the_envelope_of_its_command(bikes):
    for name, document in bikes.said.items():
        if name == "init":
            continue
        if document["ok"]:
            assert set(document) == {"ok", "schema", "data", "warnings", "next"}, name
            assert isinstance(document["warnings"], list)
            assert broken(document["next"], bikes.terminal.folder) == [] if name in PATH else True
        else:
            assert document["error"]["exit"] == 41
            assert document["data"]


@pytest.mark.parametrize("name", PATH)
def test_the_second_time_is_a_fast_no_op(bikes, name):
    assert bikes.said[name]["data"]["changed"] is True
    assert bikes.said[f"{name} again"]["data"]["changed"] is False
    if name in {"train", "promote"}:  # those that fit
        assert bikes.took[f"{name} again"] < bikes.took[name]


def test_train_eval_and_promote_say_what_scripts_rely_on(bikes):
    train, evaluation, promote = (bikes.said[name]["data"] for name in ("train", "eval", "promote"))
    assert has(train, run=str, model=str, version=int, changed=bool, seconds=NUMBER, metrics={"mae": NUMBER})
    assert (train["model"], train["version"]) == ("demand", 1)
    assert has(
        evaluation,
        model=str,
        version=int,
        dataset={"name": str, "version": int},
        rows=int,
        metrics={"mae": INTERVAL, "r2": INTERVAL, "bias": INTERVAL},
        slices={name: {"rows": int, "metrics": {"mae": INTERVAL}} for name in ("night", "weekend")},
        baseline={"mae": INTERVAL},
        incumbent={"version": MAYBE, "verdict": str, "metrics": dict},
    )
    assert evaluation["incumbent"]["verdict"] == "none"
    assert (
        evaluation["metrics"]["mae"]["low"] < train["metrics"]["mae"] < evaluation["metrics"]["mae"]["high"]
    )
    assert evaluation["metrics"]["mae"]["high"] < evaluation["baseline"]["mae"]["low"]
    assert has(promote, model=str, stage=str, version=int, previous=MAYBE, decision=int, changed=bool)
    assert (promote["stage"], promote["version"], promote["previous"]) == ("production", 1, None)


def test_the_lists_say_what_scripts_rely_on(bikes):
    (model,) = bikes.said["models"]["data"]["models"]
    assert has(model, name=str, versions=list)
    assert has(model["versions"][0], version=int, run=str, created=str, digest=str, stages=list)
    for run in bikes.said["runs"]["data"]["runs"]:
        assert has(run, run=str, model=str, version=MAYBE, status=str, started=str, seconds=NUMBER)
        assert has(run, params=dict, metrics=dict, data=list, code={"dirty": bool})
        assert "commit" in run["code"]
    (dataset,) = bikes.said["data ls"]["data"]["datasets"]
    assert has(
        dataset, name=str, version=int, path=str, rows=int, columns=int, bytes=int, md5=str, created=str
    )
    assert (dataset["rows"], dataset["columns"]) == (17379, 17)
    for decision in bikes.said["log"]["data"]["decisions"]:
        assert has(decision, number=int, time=str, actor=dict, command=str, changes=list, sha256=str)
        assert {"reason", "parent"} <= set(decision)
        assert all(set(change) == {"name", "old", "new"} for change in decision["changes"])
    status = bikes.said["status"]["data"]
    assert has(status, project=str, datasets=list, models=list, clean=bool)
    assert status["models"][0]["stages"] == {"production": 1}
    for name in ("plan", "build"):
        for step in bikes.said[name]["data"]["steps"]:
            assert has(step, step=str, state=str, why=list)
            assert step["state"] in {"fresh", "stale", "done", "failed", "refused"}


def test_the_server_answers_and_each_answer_can_be_blamed(bikes):
    (status, answer), (one_status, one) = bikes.answers
    assert (status, one_status, bikes.example[0]) == (200, 200, 200)
    assert has(answer, predictions=list, ids=list, model=str, version=int, digest=str)
    assert (len(answer["predictions"]), len(answer["ids"]), len(one["predictions"])) == (150, 150, 1)
    assert bikes.health == [200, 200, 200]
    blamed = bikes.said["blame"]["data"]
    assert has(blamed, prediction=str, time=str, input=dict, model=str, version=int, digest=str)
    assert has(blamed, datasets=list, code=dict, verified=bool)
    assert {"decision", "evaluation", "run", "output"} <= set(blamed)
    assert (blamed["prediction"], blamed["digest"], blamed["verified"]) == (
        answer["ids"][0],
        answer["digest"],
        True,
    )


def test_the_monitor_and_the_loop_say_what_scripts_rely_on(bikes):
    seen = bikes.said["monitor"]["data"]
    assert has(seen, model=str, version=int, windows=list, alarm=bool)
    for window in seen["windows"]:
        assert has(window, start=str, end=str, rows=int, labelled=int, alarms=list, performance=dict)
        assert "estimate" in window
        for alarm in window["alarms"]:
            assert {"kind", "column", "method", "value", "threshold", "p_value"} <= set(alarm)
    loop = bikes.said["loop"]["data"]
    assert {"alarm", "actions", "before", "after"} <= set(loop)
    assert all(has(action, action=str, result=str) for action in loop["actions"])


def test_undo_redo_and_a_flipped_byte(bikes, tmp_path):
    """On a copy: the stage goes and comes back, the log shows all, and fsck names the damaged file."""
    folder = tmp_path / "bikes"
    shutil.copytree(bikes.terminal.folder, folder, symlinks=True)
    terminal = Terminal(folder)
    before = terminal.data("status")["models"][0]["stages"]
    newest = max(one["number"] for one in terminal.data("log")["decisions"] if one["kind"] == "promote")
    later = [
        one
        for one in terminal.data("log")["decisions"]
        if one["number"] > newest and one["kind"] == "recalibrate"
    ]
    assert not later
    terminal.data("undo", str(newest))
    assert terminal.data("status")["models"][0]["stages"] != before
    terminal.data("redo")
    assert terminal.data("status")["models"][0]["stages"] == before
    assert [one["kind"] for one in terminal.data("log")["decisions"][:2]] == ["redo", "undo"]
    kinds = ("decisions", "facts", "objects", "cache/files")
    for kind in kinds:
        file = next(path for path in sorted((folder / ".mlctl" / kind).rglob("*")) if path.is_file())
        whole = file.read_bytes()
        file.chmod(0o644)
        file.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
        document = terminal.json("fsck", expect=(50,))
        assert document["error"]["id"] == "corrupt"
        assert file.name in json.dumps(document["error"]), (kind, file)
        assert broken(document["error"]["hints"], folder) == []
        file.write_bytes(whole)
        terminal.data("fsck")


def dvc(folder, *arguments):
    done = forked("dvc", *arguments, cwd=folder, env=environment())
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_same_repository_is_dvcs_too_and_a_clone_pulls_identical_bytes(bikes, tmp_path):
    folder = tmp_path / "bikes"
    shutil.copytree(bikes.terminal.folder, folder, symlinks=True)

    def git(*arguments):
        named = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        subprocess.run(["git", *named, *arguments], cwd=folder, check=True, capture_output=True)

    assert "up to date" in dvc(folder, "status")
    dvc(folder, "remote", "add", "-d", "store", str(tmp_path / "remote"))
    dvc(folder, "push")
    assert "in sync" in dvc(folder, "status", "--cloud")
    git("add", "-A")
    git("commit", "-q", "-m", "one")
    git("clone", "-q", str(folder), str(tmp_path / "clone"))
    dvc(tmp_path / "clone", "pull")
    pulled = (tmp_path / "clone/data/hour.csv").read_bytes()
    assert pulled == (folder / "data/hour.csv").read_bytes()
    packed = ROOT / "templates/bike-demand/data/hour.csv.gz"
    assert pulled == gzip.decompress(packed.read_bytes())


def own_table(path):
    """Whether a parcel comes late, in time: four hundred of them, some without a weight."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["parcel", "sent_at", "weight", "carrier", "distance", "insured", "late"])
        for number in range(400):
            carrier = ("north", "south", "east")[number % 3]
            distance = 100 + 37 * number % 900
            weight = "" if number % 17 == 3 else round(2 + math.sin(number) + number % 5, 2)
            late = "yes" if distance + 150 * (number % 3) + number * 13 % 90 > 700 else "no"
            moment = f"2025-{1 + number // 40:02}-{1 + number % 28:02}T{number % 24:02}:00:00"
            writer.writerow([number, moment, weight, carrier, distance, str(number % 2 == 0).lower(), late])


def test_a_table_of_ones_own_becomes_a_served_model_in_five_commands(tmp_path):
    terminal = Terminal(tmp_path)
    own_table(tmp_path / "parcels.csv")
    made = terminal.data("init", "late", "--from", "parcels.csv", "--target", "late")
    assert (made["target"], made["task"]) == ("late", "binary")
    spec = (tmp_path / "late" / "mlctl.toml").read_text()
    assert 'by = "time"' in spec
    assert "sent_at" in spec
    life = Life(Terminal(tmp_path / "late"))
    life.path("data/parcels.csv")
    lived(life, probabilities=True)


@pytest.mark.skipif(
    not (ADULT / "adult.data").exists(), reason="the census file is not part of this repository"
)
def test_the_census_incomes_become_a_served_model(tmp_path):
    """No header, `?` for missing, the official test file as the test set."""
    terminal = Terminal(tmp_path)
    columns = "age,workclass,fnlwgt,education,education_num,marital_status,occupation,relationship,race,sex,"
    columns += "capital_gain,capital_loss,hours_per_week,native_country,income"
    made = terminal.data(
        "init", "incomes", "--from", str(ADULT / "adult.data"), "--test", str(ADULT / "adult.test"),
        "--target", "income", "--columns", columns, "--null", "?",
    )  # fmt: skip
    assert made["task"] == "binary"
    life = Life(Terminal(tmp_path / "incomes"))
    life.path("data/adult.data")
    evaluation = life.said["eval"]["data"]
    assert evaluation["rows"] == 16281
    assert 0.84 < evaluation["metrics"]["accuracy"]["value"] < 0.88
    lived(life, probabilities=True)
    gated_by_sex(life.terminal, "income", women="sex_female", men="sex_male")


def test_a_gate_on_recall_by_sex_refuses_what_a_gate_on_accuracy_by_sex_lets_pass(tmp_path):
    """One group has few positives, and the model finds few of them: it is the more accurate there."""
    random = np.random.default_rng(0)
    sex = np.where(random.random(3000) < 0.4, "f", "m")
    score = random.normal(size=3000)
    chance = 1 / (1 + np.exp(-(2.0 * score + np.where(sex == "f", -3.0, -0.3))))
    rich = np.where(random.random(3000) < chance, "yes", "no")
    lines = [f"{one:.3f},{who},{had}" for one, who, had in zip(score, sex, rich, strict=True)]
    (tmp_path / "people.csv").write_text("score,sex,rich\n" + "\n".join(lines) + "\n")
    terminal = Terminal(tmp_path)
    terminal.data("init", "people", "--from", "people.csv", "--target", "rich")
    project = Terminal(tmp_path / "people")
    project.data("train")
    gated_by_sex(project, "rich", women="sex_f", men="sex_m")


def gated_by_sex(terminal, model, *, women, men):
    """A stage each: what is asked of accuracy by sex passes, what is asked of recall does not."""
    spec = terminal.folder / "mlctl.toml"
    text = spec.read_text()
    for stage, metric, least in (("fair-on-average", "accuracy", 0.75), ("fair", "recall", 0.6)):
        text += f"\n[model.{model}.gates.{stage}]\n"
        text += "".join(f'"{metric}@slice:{part}" = {{ min = {least} }}\n' for part in (women, men))
    spec.write_text(text)
    terminal.data("promote", "--to", "fair-on-average")
    refused = terminal.json("promote", "--to", "fair", expect=(40,))
    assert [(one["gate"], one["slice"]) for one in refused["error"]["facts"]["reasons"]] == [
        ("recall.min", women)
    ]


def lived(life, *, probabilities):
    """The path was walked, the second time for nothing; the model is not its baseline, and it serves."""
    for name in PATH:
        assert life.said[f"{name} again"]["data"]["changed"] is False
    evaluation = life.said["eval"]["data"]
    primary = evaluation["notes"]["primary"]
    assert evaluation["metrics"][primary]["value"] != evaluation["baseline"][primary]["value"]
    with life.terminal.serving() as client:
        status, answer = client.predict(example(client))
        assert status == 200, answer
        assert bool(answer["probabilities"]) is probabilities
    blamed = life.terminal.data("blame", answer["ids"][0])
    assert blamed["verified"] is True
    assert life.terminal.data("fsck")["clean"] is True
    (model,) = life.terminal.data("status")["models"]
    assert [stale["what"].split()[0] for stale in model["stale"]] == ["monitor"]  # it has answered since
