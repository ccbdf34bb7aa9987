"""`mlctl loop` in a terminal."""

import json
import signal
import subprocess
import sys

from tests.verbs.bikes import Company, days_of, hours


def test_an_alarm_that_the_loop_ended_exits_0_and_the_monitor_agrees(tmp_path, terminals):
    made = Company(tmp_path / "bikes", params="params = { max_iter = 30 }")
    made.start()
    year = days_of(row for row in hours() if row["dteday"] >= "2012-01-01")
    for week in range(2):
        made.week(year[7 * week : 7 * week + 7])
    terminal = terminals(made.root)
    assert terminal.json("monitor")[0] == 41
    code, document = terminal.json("loop", "--once")
    assert code == 0, document
    data = document["data"]
    assert data["alarm"] is False
    assert [action["action"] for action in data["actions"]] == ["freeze", "train", "eval", "promote"]
    assert {"action", "result"} <= set(data["actions"][0])
    assert (data["before"]["version"], data["after"]["version"]) == (1, 2)
    assert terminal.json("monitor")[0] == 0
    done = terminal.run("loop", "--once")
    assert done.returncode == 0
    assert "no alarm stands" in done.stdout


def test_a_project_without_a_deployed_model_is_told_what_is_missing(project):
    code, document = project.json("loop", "--once")
    assert code == 20
    assert document["error"]["hints"][0].startswith("mlctl promote demand")


def test_once_and_watch_exclude_each_other(project):
    assert project.run("loop", "--once", "--watch").returncode == 2


def test_watching_prints_one_object_a_turn_until_it_is_interrupted(project):
    rows = "".join(f"{n},2026-01-{n:02},{n % 7}.5,{(n % 7) * 30 + n % 2}\n" for n in range(1, 29))
    (project.folder / "rides.csv").write_text("id,day,temp,rides\n" + rows, encoding="utf-8")
    assert project.run("build").returncode == 0
    watching = subprocess.Popen(
        [sys.executable, "-m", "mlctl", "loop", "--watch", "--interval", "0.1", "--json"],
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    turns = []
    while len(turns) < 2:
        document = json.loads(watching.stdout.readline())
        if "data" in document:
            turns.append(document)
    watching.send_signal(signal.SIGINT)
    watching.stdout.read()
    assert watching.wait(timeout=30) == 130
    assert [turn["schema"] for turn in turns] == ["mlctl.loop/1", "mlctl.loop/1"]
    assert turns[0]["data"]["actions"][0]["action"] == "none"
