"""`mlctl serve` as a real process, asked over real connections."""

import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mlctl.domain.errors import UsageError
from mlctl.domain.model import ModelVersion
from mlctl.domain.requests.serve import ServeRequest
from mlctl.verbs.serve import serve

from .served import Served, Server, features, rows


@pytest.fixture
def served(tmp_path):
    made = Served(tmp_path / "bikes")
    made.promote(1)
    return made


def ask(port, body, path="/predict", method="POST"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, None if body is None else json.dumps(body).encode())
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if answer.headers[
            "content-type"
        ] == "application/json" else text.decode()
    finally:
        connection.close()


def test_an_answer_is_in_the_log_before_it_is_given_and_survives_sigkill(served):
    row = features(next(rows(1)))
    with Server(served.root) as server:
        ids = [one for _ in range(20) for one in ask(server.port, {"rows": [row, row]})[1]["ids"]]
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
    table = served.fresh().repository.predictions.table("demand")
    assert table.column("mlctl.id").to_pylist() == ids
    assert set(table.column("mlctl.digest").to_pylist()) == {served.versions[1]}
    assert set(table.column("mlctl.stage").to_pylist()) == {"production"}
    assert table.column("weather").to_pylist() == [row["weather"]] * 40


def test_no_request_fails_while_the_stage_is_promoted_and_rolled_back(served):
    row = features(next(rows(1)))
    stop, failures, seen = threading.Event(), [], set()
    answers = {}

    def client(port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while not stop.is_set():
            try:
                connection.request("POST", "/predict", json.dumps(row).encode())
                answer = connection.getresponse()
                status, body = answer.status, json.loads(answer.read())
            except OSError as error:
                failures.append(repr(error))
                return
            number = body.get("version")
            if status != 200 or body["digest"] != served.versions[number]:
                failures.append((status, body))
            if answers.setdefault(number, body["predictions"]) != body["predictions"]:
                failures.append(("another answer of the same version", body))
            seen.add(number)
        connection.close()

    with Server(served.root) as server:
        clients = [threading.Thread(target=client, args=(server.port,)) for _ in range(3)]
        for one in clients:
            one.start()
        for turn in range(10):
            served.promote(2 - turn % 2)
            event = server.event()
            assert (event["event"], event["version"]) == ("swapped", 2 - turn % 2)
        stop.set()
        for one in clients:
            one.join(30)
        server.process.terminate()
        assert server.event()["event"] == "stopped"
        assert server.process.wait(20) == 0
        assert server.process.stderr.read() == ""
    assert failures == []
    assert seen == {1, 2}
    assert abs(answers[1][0] - answers[2][0]) > 5000


def test_a_promoted_version_that_is_damaged_is_refused_and_the_old_one_keeps_serving(served):
    store = served.session.repository
    row = features(next(rows(1)))
    with Server(served.root) as server:
        digest = served.versions[2]
        path = store.layout.object(store.facts.get(ModelVersion, digest).artefacts[0].sha256)
        path.chmod(0o644)
        path.write_bytes(b"something else")
        served.promote(2)
        event = server.event()
        assert (event["event"], event["id"], event["digest"], event["serving"]) == (
            "swap_refused",
            "corrupt",
            digest,
            1,
        )
        assert json.loads(server.process.stderr.readline()) == event
        assert ask(server.port, row)[1]["version"] == 1
        assert "mlctl_swap_failures_total 1" in ask(server.port, None, "/metrics", "GET")[1]
        served.promote(1)
        assert ask(server.port, row)[0] == 200


def test_the_first_line_says_where_and_what_and_its_example_is_accepted(served):
    with Server(served.root, "demand@production") as server:
        first = server.started
        assert first["url"] == f"http://127.0.0.1:{first['port']}"
        assert first["pid"] == server.process.pid
        assert (first["model"], first["version"], first["digest"]) == ("demand", 1, served.versions[1])
        assert ask(server.port, first["example"])[0] == 200
        assert ask(server.port, None, "/health/ready", "GET") == (
            200,
            {"ready": True, "model": "demand", "version": 1},
        )
        assert ask(server.port, {"rows": [{**first["example"], "x": 1}]})[1]["error"]["column"] == "x"
        assert ask(server.port, {"rows": [first["example"]] * 5000})[0] == 413, "max_body of the spec"


def run(root: Path, *arguments: str):
    return subprocess.run(
        [sys.executable, "-m", "mlctl", "serve", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


def test_an_interrupt_drains_and_exits_130(served):
    with Server(served.root) as server:
        assert ask(server.port, server.started["example"])[0] == 200
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(20) == 130


def test_a_port_in_use_is_92_with_a_command_that_works(served):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run(served.root, "--port", str(taken.getsockname()[1]), "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["error"]["id"]) == (92, "port_in_use")
    assert document["error"]["hints"] == ["mlctl serve --port 0"]


def test_a_stage_that_holds_nothing_is_20_with_promote(served):
    served.decide("rollback", "stages/demand/production", None)
    done = run(served.root)
    assert done.returncode == 20
    assert "mlctl promote demand --to production" in done.stderr
    assert done.stdout == ""


def test_more_workers_than_one_are_refused_not_ignored(served):
    with pytest.raises(UsageError):
        serve(served.session, ServeRequest(workers=2))


@pytest.mark.parametrize("log", ["sync", "async", "off"])
def test_every_log_mode_serves_and_keeps_what_it_promises(tmp_path, log):
    served = Served(tmp_path / "bikes", log=log)
    served.promote(1)
    row = features(next(rows(1)))
    with Server(served.root) as server:
        assert server.started["log"] == log
        assert ask(server.port, {"rows": [row] * 3})[0] == 200
        server.process.terminate()
        assert server.event()["event"] == "stopped"
        assert server.process.wait(20) == 0
    assert served.fresh().repository.predictions.table("demand").num_rows == (0 if log == "off" else 3)


def test_a_classifier_answers_classes_and_probabilities(tmp_path):
    served = Served(tmp_path / "bikes", task="binary")
    served.promote(1)
    row = features(next(rows(1)))
    with Server(served.root) as server:
        answer = ask(server.port, row)[1]
    assert answer["predictions"][0] in {"few", "many"}
    assert sum(answer["probabilities"][0]) == pytest.approx(1.0)


def test_a_log_that_cannot_grow_refuses_loudly_and_what_was_answered_is_kept(served):
    """The kernel refuses to let the file grow, as a full disk would."""
    row = features(next(rows(1)))
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, 64 * 1024))  # noqa: E731 - runs in the child
    with Server(served.root, prepare=limit) as server:
        answered = 0
        while (reply := ask(server.port, {"rows": [row] * 50}))[0] == 200:
            answered += 50
            assert answered < 10_000
        assert reply[0] == 503
        assert reply[1]["error"]["id"] == "log_failed"
        assert server.event()["event"] == "log_failed"
        assert 'status="failed"} 50' in ask(server.port, None, "/metrics", "GET")[1]
    assert served.fresh().repository.predictions.table("demand").num_rows == answered
